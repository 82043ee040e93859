import sys
from awsglue.utils import getResolvedOptions
print "Python 2"
