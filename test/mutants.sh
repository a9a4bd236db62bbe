#!/usr/bin/env bash
# Mutation testing of what reads foreign bytes: `codec`, `seal` and `wire`. cargo-mutants alters one thing at a
# time in them, and their tests have to notice.
#
#     cargo install cargo-mutants
#     test/mutants.sh                    # all: hours
#     test/mutants.sh --shard 0/20       # a twentieth of them; any option of `cargo mutants` may stand here
#
# Each alteration is a build and a run of tests. So that it is a short one, the rooms up to `wire` become a crate
# of their own in `target/mutants`, with the tests that look at them alone. What was missed is listed in
# `target/mutants/mutants.out/missed.txt`.
set -euo pipefail
cd "$(dirname "$0")/.."

rooms=(codec crypto model seal wire)
tests=(codec seal vectors wire)
crate=target/mutants
mkdir -p "$crate/src"
rm -rf "$crate"/{src,test,fuzz}
mkdir -p "$crate/src"
cp -r test protocol.md Cargo.lock "$crate"
for room in "${rooms[@]}"; do cp -r src/"$room" "$crate/src"; done

# The same crate as far as these rooms: their modules, their dependencies, their tests.
{
    grep -v '^pub mod' src/lib.rs | sed '/^\/\/!/d; /doctest/,$d; /^\/\/ The code on the page/d'
    printf 'pub mod %s;\n' "${rooms[@]}"
} >"$crate/src/lib.rs"
{
    sed -n '/^\[package\]/,/^# link/p' Cargo.toml | grep -v '^readme'
    grep '^serde = ' Cargo.toml
    echo
    sed -n '/^\[dev-dependencies\]/,/^$/p' Cargo.toml
    for name in "${tests[@]}"; do printf '[[test]]\nname = "%s"\npath = "test/%s.rs"\n\n' "$name" "$name"; done
    printf '[profile.dev]\nopt-level = 1\ndebug = false\n\n[profile.dev.package."*"]\nopt-level = 3\n\n'
    # Not a part of the workspace around it.
    printf '[workspace]\n'
} >"$crate/Cargo.toml"

cd "$crate"
exec cargo mutants --in-place --no-shuffle --minimum-test-timeout 60 \
    --file 'src/codec/**' --file 'src/seal/**' --file 'src/wire/**' "$@"
