#!/usr/bin/env bash
# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
#
# Checks the Terraform code without an AWS account: its format, the tests of every module and of the deployer's roles,
# and then the plans of the environments, with the command that is given (pytest over test_environments.py). The AWS provider
# comes from the folder that TF_PROVIDER_MIRROR names, or from the registry if it is not set.
set -euo pipefail
infrastructure=$(cd "$(dirname "$0")/../../infrastructure" && pwd)

if ! command -v terraform > /dev/null; then
  echo "expected terraform 1.9 or newer on the PATH, found none: see https://developer.hashicorp.com/terraform/install" >&2
  exit 1
fi

init() {
  local options=(-backend=false -input=false -no-color)
  if [ -n "${TF_PROVIDER_MIRROR:-}" ]; then
    options+=("-plugin-dir=$TF_PROVIDER_MIRROR")
  fi
  local output
  if ! output=$(terraform -chdir="$1" init "${options[@]}" 2>&1); then
    echo "$output" >&2
    echo "expected terraform init to succeed, found the error above in infrastructure/$1. Terraform takes the AWS" \
      "provider from ${TF_PROVIDER_MIRROR:-the registry}; without a network, set TF_PROVIDER_MIRROR to a folder with it" >&2
    exit 1
  fi
}

# Terraform starts the provider anew for every run of a test, which takes longer than the run. Start it once,
# and let all of them use it: https://developer.hashicorp.com/terraform/plugin/debugging
share_provider() {
  local provider output address
  provider=$(find -L modules/*/.terraform/providers -type f -name 'terraform-provider-aws*' -print -quit)
  [ -n "$provider" ] || return 0
  output=$(mktemp)
  "$provider" -debug > "$output" 2> /dev/null &
  trap "kill $! 2> /dev/null; rm -f '$output'" EXIT
  for _ in {1..100}; do
    address=$(sed -n "s/.*TF_REATTACH_PROVIDERS='\(.*\)'.*/\1/p" "$output")
    if [ -n "$address" ]; then
      export TF_REATTACH_PROVIDERS="$address"
      return 0
    fi
    sleep 0.1
  done
}

repository=$PWD
cd "$infrastructure"
terraform fmt -check -diff -recursive .
tested=(modules/*/)
if [ -d deployer ]; then tested+=(deployer/); fi
for folder in "${tested[@]}" environments/*/; do
  init "$folder"
done
share_provider
for module in "${tested[@]}"; do
  echo "== $module"
  terraform -chdir="$module" test -no-color
done
cd "$repository"
"$@"
