#!/usr/bin/env bash
# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
#
# Checks the Terraform code without an AWS account: its format, and the plan tests of every module. It also
# initialises the environments, which test_environments.py plans. The AWS provider comes from the folder that
# TF_PROVIDER_MIRROR names, or from the registry if it is not set.
set -euo pipefail
cd "$(dirname "$0")/../../infrastructure"

if ! command -v terraform > /dev/null; then
  echo "expected terraform 1.9 or newer on the PATH, found none: see https://developer.hashicorp.com/terraform/install" >&2
  exit 1
fi

init() {
  local options=(-backend=false -input=false -no-color)
  if [ -n "${TF_PROVIDER_MIRROR:-}" ]; then
    options+=("-plugin-dir=$TF_PROVIDER_MIRROR")
  fi
  terraform -chdir="$1" init "${options[@]}" > /dev/null
}

terraform fmt -check -diff -recursive .

for module in modules/*/; do
  echo "== $module"
  init "$module"
  terraform -chdir="$module" test -no-color
done

for environment in environments/*/; do
  init "$environment"
done
