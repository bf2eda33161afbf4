#!/usr/bin/env bash
# Builds kube-apiserver of version $1 (1.37.2) as the file $2, from the Go module k8s.io/kubernetes: about 11 minutes on two cores.
set -euo pipefail
version=$1
output=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

upstream=$(go mod download -json "k8s.io/kubernetes@v$version" | sed -n 's/.*"GoMod": "\(.*\)".*/\1/p')
# Its go.mod points at the folders of its own repository (staging/…): as a module they are published under v0.MINOR.PATCH.
staging=v0.${version#1.}
{
  echo 'module kube-apiserver-build'
  grep -E '^(go|godebug) ' "$upstream" || true
  echo "require k8s.io/kubernetes v$version"
  echo 'replace ('
  sed -n 's#^\t\(k8s.io/[a-z0-9-]*\) => ./staging/.*#\t\1 => \1 '"$staging"'#p' "$upstream"
  echo ')'
  # All else in the versions that it was tested with.
  sed -n '/^require (/,/^)/p' "$upstream" | grep -v ' v0\.0\.0\( \|$\)'
} > go.mod
printf '//go:build tools\n\npackage tools\n\nimport _ "k8s.io/kubernetes/cmd/kube-apiserver"\n' > tools.go
# Test dependencies of dependencies may be out of reach: only what is compiled counts.
go mod tidy -e > tidy.log 2>&1 || true

minor=${version#1.}
set_version="-X k8s.io/component-base/version.gitVersion=v$version -X k8s.io/component-base/version.gitMajor=1"
go build -mod=mod -trimpath \
  -ldflags "-s -w $set_version -X k8s.io/component-base/version.gitMinor=${minor%%.*}" \
  -o kube-apiserver k8s.io/kubernetes/cmd/kube-apiserver
# In one step, so that nobody finds half of it.
mkdir -p "$(dirname "$output")"
mv kube-apiserver "$output.part" && mv "$output.part" "$output"
