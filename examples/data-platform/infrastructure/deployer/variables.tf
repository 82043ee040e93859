# Owned by the gluecast template: an update rewrites this file and merges local edits into it.

variable "github_repository" {
  description = "This repository on GitHub: owner/name."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9-]+/[A-Za-z0-9._-]+$", var.github_repository))
    error_message = "Expected owner/name as github_repository, such as acme/data-platform."
  }
}

variable "state_bucket" {
  description = "Name of the bucket in backend.tf that holds the state of the environments."
  type        = string
}

variable "environments" {
  description = "The environments of this account."
  type        = set(string)
  default     = ["dev", "prod"]
}

variable "name_prefixes" {
  description = "The name_prefix in terraform.tfvars of the environments that have one: { prod = \"mart\" }."
  type        = map(string)
  default     = {}
}

variable "region" {
  description = "AWS region of the environments."
  type        = string
  default     = "eu-central-1"
}

variable "create_oidc_provider" {
  description = "Whether to create GitHub's identity provider. An account has one at most: set it to false if it is there."
  type        = bool
  default     = true
}
