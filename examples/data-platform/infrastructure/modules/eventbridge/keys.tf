# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
#
# The keys that start a run. Rules and state machines are generated from these lists, and the checks and commands
# in tooling/ evaluate rules and state machines as AWS does.

locals {
  prefixes = { for name, rule in var.s3_event_rules : name => rule.prefixes == null ? [rule.prefix] : rule.prefixes }
  suffixes = { for name, rule in var.s3_event_rules : name => rule.suffixes == null ? [rule.suffix] : rule.suffixes }

  keys = {
    for name in keys(var.s3_event_rules) : name => {
      # The rule checks this. EventBridge combines a prefix and a suffix in one pattern with "or", and an event
      # bus allows only 30 wildcards. So the rule checks the prefix, and the state machine checks the suffix.
      event_pattern = [for prefix in local.prefixes[name] : { prefix = prefix }]

      # The state machine checks this if the event came through the input transformer of this rule.
      after_rule = [for suffix in local.suffixes[name] : "*${suffix}"]

      # The state machine checks this if the event arrives as S3 sent it, which does not name the rule.
      whole = flatten([for prefix in local.prefixes[name] : [for suffix in local.suffixes[name] : "${prefix}*${suffix}"]])
    }
  }
}
