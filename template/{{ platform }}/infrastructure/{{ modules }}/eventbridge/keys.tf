# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
#
# Which keys start a run. Rules and machines are made from this, and the checks and commands in tooling/
# read rules and machines as AWS does: a second prefix or suffix of a rule is an element of a list here.

locals {
  keys = {
    for name, rule in var.s3_event_rules : name => {
      # What the rule looks at. Prefix and suffix in one pattern would be a choice between them, and a
      # wildcard is one of 30 on the bus: so the rule looks at the prefix, the machine at the suffix.
      event_pattern = [{ prefix = rule.prefix }]

      # What the machine looks at, when the event has come through the transformer of this rule.
      after_rule = ["*${rule.suffix}"]

      # The same for an event as S3 sent it, which does not say which rule it came through.
      whole = ["${rule.prefix}*${rule.suffix}"]
    }
  }
}
