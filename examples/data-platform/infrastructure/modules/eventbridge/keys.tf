# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
#
# The keys that start a run. Rules and state machines are generated from these lists, and the checks and commands
# in tooling/ evaluate rules and state machines as AWS does. So a rule with a second prefix or suffix only needs
# another element in a list here.

locals {
  keys = {
    for name, rule in var.s3_event_rules : name => {
      # The rule checks this. EventBridge combines a prefix and a suffix in one pattern with "or", and an event
      # bus allows only 30 wildcards. So the rule checks the prefix, and the state machine checks the suffix.
      event_pattern = [{ prefix = rule.prefix }]

      # The state machine checks this if the event came through the input transformer of this rule.
      after_rule = ["*${rule.suffix}"]

      # The state machine checks this if the event arrives as S3 sent it, which does not name the rule.
      whole = ["${rule.prefix}*${rule.suffix}"]
    }
  }
}
