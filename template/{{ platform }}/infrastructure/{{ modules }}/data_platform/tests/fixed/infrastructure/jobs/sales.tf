# Owned by the gluecast template: an update rewrites this file and merges local edits into it.

module "sales" {
  source = "../modules/eventbridge"

  environment = "dev"
}
