# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
#
# What a state machine does with an uploaded object, if the input names the rule:
#
#     Accept_<rule> -> Size_<rule> -> RunForObject_<rule>, RunForObject_<rule>_above_<n>_mb
#          |
#          +-> Refuse_<rule> -> KeepFailure
#
# A rule without accept or sizes has no state for it.

locals {
  # An upload that a rule accepts goes to the run of its size; another one goes to the queue, with the reason.
  size_state  = { for name, rule in var.s3_event_rules : name => length(rule.sizes) > 0 ? "Size_${name}" : "RunForObject_${name}" }
  first_state = { for name, rule in var.s3_event_rules : name => rule.accept == null ? local.size_state[name] : "Accept_${name}" }

  accepted = {
    for name, rule in var.s3_event_rules : name => {
      patterns = flatten([for prefix in local.prefixes[name] : [for pattern in coalesce(rule.accept.name_patterns, ["*"]) : "${prefix}${pattern}"]])
      max_mb   = rule.accept.max_mb
    } if rule.accept != null
  }

  # jsonencode makes a text of JSONata of each prefix, also of one with quotation marks.
  refusals = {
    for name, accepted in local.accepted : name => {
      Type          = "Pass"
      QueryLanguage = "JSONata"
      Output = join(" ", [
        "{% $merge([$states.input, { 'failure': { 'Error': 'FileRefused', 'Cause':",
        jsonencode("expected ${join(" or ", accepted.patterns)}${accepted.max_mb == null ? "" : " of at most ${accepted.max_mb} MB"}, which the rule ${name} accepts, found "),
        "& $states.input.object.key & ' of ' & $states.input.object.size & ' bytes' }}]) %}",
      ])
    }
  }

  object_states = {
    for name, rule in var.s3_event_rules : name => merge(
      {
        for accept in [rule.accept] : "Accept_${name}" => {
          Type = "Choice"
          Choices = [{
            And = concat(
              [{ Or = [for pattern in local.accepted[name].patterns : { Variable = "$.object.key", StringMatches = pattern }] }],
              [for mb in [local.accepted[name].max_mb] : { Variable = "$.object.size", NumericLessThanEquals = mb * 1048576 } if mb != null],
            )
            Next = local.size_state[name]
          }]
          Default = "Refuse_${name}"
        } if accept != null
      },
      { for accept in [rule.accept] : "Refuse_${name}" => merge(local.refusals[name], { Next = "KeepFailure" }) if accept != null },
    )
  }
}
