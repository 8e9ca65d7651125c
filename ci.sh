#!/usr/bin/env bash
# The two commands of Escapement:
#
#   ./ci.sh              install what is missing, build, lint, test, golden and example checks
#   ./ci.sh nightly      what takes too long for every change: all tests, in a debug build, every path's goldens, the
#                        contrasts with their nulls, the build without traits, the package as a versioned dependency
#   ./ci.sh VERB [...]   install what is missing, build release, run `escapement VERB ...`
#   ./ci.sh wheel        build the Python package with the executable inside, and try it without Swift: dist/
#   ./ci.sh dist         the same, and an archive of the executable for those who need no Python: dist/
#   ./ci.sh mutants [--shard I/N] [FAULT...]
#                        break a copy of the code on purpose, one fault at a time, and see the tests notice
#   ./ci.sh torture [--short] [--seed N] [--only NAME]...
#                        kill, fill, cut, flip and stop training runs, and see that nothing is lost
#   ./ci.sh sanitize address|thread [--filter REGEX]...
#                        run the tests under a sanitizer
#
# With arguments standard output carries the tool's output only, so `./ci.sh verify --json` pipes.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

say() { printf '%s\n' "$*" >&2; }
fail() {
  say "ci.sh: $*"
  exit 69
}

# ---- What is needed ------------------------------------------------------------------------------

# "package|header": a Debian package and the header by which other systems are asked.
requirements=(
  'libopenblas-dev|cblas.h'
  'liblapacke-dev|lapacke.h'
  'zlib1g-dev|zlib.h'
  'libssl-dev|openssl/evp.h'
  'libjpeg-dev|jpeglib.h'
  'libpng-dev|png.h'
)

# What the checks need besides: their tests run on several ranks too.
[[ $# == 0 || $1 == nightly ]] && requirements+=('libopenmpi-dev|mpi/mpi.h' 'openmpi-bin|mpi/mpi.h')

has_header() {
  local compiler
  compiler=$(command -v clang || command -v cc || command -v gcc) || return 1
  # jpeglib.h wants stdio.h before it.
  printf '#include <stdio.h>\n#include <%s>\n' "$1" | "$compiler" -xc -fsyntax-only - 2>/dev/null
}

is_installed() { # package header
  if command -v dpkg-query >/dev/null; then
    [[ $(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null) == installed ]] && return 0
  fi
  has_header "$2"
}

missing_packages() {
  local entry
  for entry in "${requirements[@]}"; do
    is_installed "${entry%%|*}" "${entry##*|}" || printf '%s\n' "${entry%%|*}"
  done
  command -v pkg-config >/dev/null || printf '%s\n' pkg-config
}

install_missing() {
  local missing as_root=() log
  mapfile -t missing < <(missing_packages)
  ((${#missing[@]} == 0)) && return 0
  command -v apt-get >/dev/null ||
    fail "missing: ${missing[*]} (Debian's names), and there is no apt-get here: install them with the system's package manager"
  if ((EUID != 0)); then
    command -v sudo >/dev/null || fail "missing: ${missing[*]}, and neither root nor sudo: run as root: apt-get install ${missing[*]}"
    as_root=(sudo)
    # Without a terminal a password prompt would wait for ever.
    if [[ ! -t 0 ]]; then
      as_root=(sudo -n)
      sudo -n true 2>/dev/null || fail "missing: ${missing[*]}, and sudo asks for a password: run: sudo apt-get install ${missing[*]}"
    fi
  fi
  say "ci.sh: installing ${missing[*]}"
  log=$(mktemp)
  # ${a[@]+"${a[@]}"}: an empty array is an unset variable to bash before 4.4.
  if ! {
    ${as_root[@]+"${as_root[@]}"} apt-get update &&
      ${as_root[@]+"${as_root[@]}"} env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y --no-install-recommends "${missing[@]}"
  } >"$log" 2>&1; then
    local reason
    reason=$(grep -m1 -E '^(E|W|Err)' "$log" || tail -n1 "$log")
    rm -f "$log"
    fail "cannot install ${missing[*]} with apt-get (network or package lists?): $reason"
  fi
  rm -f "$log"
}

check_swift() {
  local found major minor
  command -v swift >/dev/null || fail "swift is not on PATH: Escapement needs Swift 6.2 or later (https://www.swift.org/install)"
  found=$(swift --version 2>/dev/null | sed -nE 's/.*Swift version ([0-9]+\.[0-9]+).*/\1/p' | head -n1)
  major=${found%%.*} minor=${found##*.}
  [[ $found =~ ^[0-9]+\.[0-9]+$ ]] || fail "cannot read the version of $(command -v swift): Escapement needs Swift 6.2 or later"
  ((major > 6 || (major == 6 && minor >= 2))) || fail "Swift $found found, Escapement needs 6.2 or later"
}

# ---- Stages --------------------------------------------------------------------------------------

durations=()
stage() { # name command...
  local name=$1 start=$SECONDS
  shift
  printf '== %s\n' "$name"
  "$@"
  durations+=("$name $((SECONDS - start)) s")
}

# The tests run with JPEG and PNG images and MPI; the release for users is built without, as by default.
traits=Images,MPI
# One build for all of `./ci.sh`, in a directory of its own: an optimized one, in which the tests can see what is internal.
checked=(-c release --scratch-path .build-ci -Xswiftc -enable-testing)
# SwiftPM passes traits to the compilers in the order of a set, whose hashes each process draws anew, and another order
# builds everything anew. Tests keep hashes that are drawn: nothing may depend on them.
build_checked() { SWIFT_DETERMINISTIC_HASHING=1 swift build --build-tests --traits "$traits" "${checked[@]}" "$@"; }
build_debug() { SWIFT_DETERMINISTIC_HASHING=1 swift build --build-tests --traits "$traits" "$@"; }
build_release() { swift build -c release --product escapement; }
lint() { swift format lint --strict --recursive Sources Tests Fixtures Examples Package.swift; }

# The public declarations of each folder are those that Documentation/API.md counts.
check_surface() {
  local folder stated found total=0 unlisted
  while IFS='|' read -r _ folder stated _; do
    folder=${folder// /} stated=${stated// /}
    found=$(grep -rhE '^[[:space:]]*(@[A-Za-z]+(\([^)]*\))? )*public ' "$folder" --include='*.swift' | wc -l)
    [[ $found == "$stated" ]] || {
      say "ci.sh: $folder has $found public declarations, Documentation/API.md says $stated: change one of them"
      return 1
    }
    total=$((total + found))
  done < <(grep -E '^\| (Sources/|Fixtures)' Documentation/API.md)
  unlisted=$(grep -rlE '^[[:space:]]*(@[A-Za-z]+(\([^)]*\))? )*public ' Sources Fixtures --include='*.swift' |
    sed -E 's#^(Sources/[^/]+|Fixtures)/.*#\1#' | sort -u | while read -r folder; do
    grep -q "^| $folder |" Documentation/API.md || printf '%s ' "$folder"
  done)
  [[ -z $unlisted ]] || {
    say "ci.sh: public declarations in ${unlisted% }, which Documentation/API.md does not list"
    return 1
  }
  printf '%d public declarations, as Documentation/API.md counts them\n' "$total"
}

# Digests may hold only what the package's own kernels computed: an elementary function of the C
# library differs between its versions, so no object that can reach a digest may ask for one.
check_no_libm() {
  local directory objects found
  directory=$(swift build --show-bin-path --traits "$traits" "${checked[@]}")
  # Paths below the build directory, so that the exclusions never match the name of the clone itself.
  mapfile -t objects < <(cd "$directory" && find . -path '*.build/*' -name '*.o' \
    -not -path './*Tests.build/*' -not -path './EscapementTestSupport.build/*' -not -path './EscapementTool.build/*' \
    -not -path './ArgumentParser*' -not -path './escapement*' | sort)
  [[ " ${objects[*]} " == *' ./CEscapementKernels.build/'* ]] || {
    say "ci.sh: no object of CEscapementKernels under $directory: the libm check has nothing to look at"
    return 1
  }
  found=$(cd "$directory" && nm -A -u "${objects[@]}" | grep -E \
    ' U _?(exp|exp2|exp10|expm1|log|log2|log10|log1p|pow|sin|cos|tan|sincos|asin|acos|atan|atan2|sinh|cosh|tanh|asinh|acosh|atanh|erf|erfc|cbrt|hypot|tgamma|lgamma)[fl]?(@.*)?$' || true)
  if [[ -n $found ]]; then
    say "ci.sh: these objects ask libm for an elementary function:"
    say "$found"
    return 1
  fi
  printf '%d objects, no elementary function of libm\n' "${#objects[@]}"
}

# Swift Testing alone: without XCTest's own closing line, which counts its zero tests.
run_tests() { # swift-test-options...
  local log count
  log=$(mktemp)
  # With ESCAPEMENT_XUNIT=FILE.xml the results stand in FILE-swift-testing.xml too.
  swift test --skip-build --disable-xctest --parallel "$@" \
    ${ESCAPEMENT_XUNIT:+--xunit-output "$ESCAPEMENT_XUNIT"} 2>&1 | tee "$log"
  count=$(sed -nE 's/.*Test run with ([0-9]+) tests?.* passed.*/\1/p' "$log" | tail -n1)
  rm -f "$log"
  if [[ -z $count || $count -eq 0 ]]; then
    say "ci.sh: swift test executed no test"
    return 1
  fi
  tests_passed=$count
}

tool=.build-ci/release/escapement

# CIFAR-10, where it is at hand: in ESCAPEMENT_CIFAR10, or as archive or directory in one of the usual places.
find_cifar10() {
  local place name
  [[ -z ${ESCAPEMENT_CIFAR10:-} ]] || return 0
  for place in "$PWD" "$PWD/data" "$HOME/data" "${XDG_CACHE_HOME:-$HOME/.cache}/escapement"; do
    for name in cifar-10-batches-bin cifar-10-binary.tar.gz cifar-10-batches-py cifar-10-python.tar.gz; do
      [[ -e $place/$name ]] || continue
      export ESCAPEMENT_CIFAR10=$place/$name
      return 0
    done
  done
}

# What needs CIFAR-10: the fixture of which the package has the manifest, the goldens on it, and an epoch of one of the
# runs in Evidence/, another one after each commit.
cifar10_checks() {
  local scratch runs run
  find_cifar10
  if [[ -z ${ESCAPEMENT_CIFAR10:-} ]]; then
    printf '%s\n' 'not checked: the goldens on CIFAR-10 and the runs in Evidence/, because CIFAR-10 is not at hand' \
      '(ESCAPEMENT_CIFAR10=PATH, or `escapement data fetch cifar10 --out data`)'
    return 0
  fi
  scratch=$(mktemp -d)
  # shellcheck disable=SC2064
  trap "rm -rf '$scratch'" EXIT
  "$tool" fixtures pack --manifest Fixtures/cifar10-lt-mini/manifest.json --from "$ESCAPEMENT_CIFAR10" --out "$scratch"
  "$tool" fixtures check "$scratch" >/dev/null
  rm -rf "$scratch"
  trap - EXIT
  "$tool" golden check cifar10-lt-mini
  mapfile -t runs < <(find Evidence -name run.json -path '*-seed*' | sort)
  if ((${#runs[@]} == 0)); then
    printf 'Evidence/ holds no run: no epoch is recomputed\n'
    return 0
  fi
  run=${runs[$(git rev-list --count HEAD 2>/dev/null || echo 0) % ${#runs[@]}]}
  "$tool" evidence audit "${run%/run.json}" --data "$ESCAPEMENT_CIFAR10"
}

golden_checks() {
  "$tool" doctor
  "$tool" laws --json >/dev/null
  # Those on CIFAR-10 have a stage of their own.
  ESCAPEMENT_CIFAR10='' "$tool" golden check
  # Scalar code takes thirty times as long as the others: two short runs here, the suites at night.
  golden_checks_on_paths 'fixture/ce/sgd fixture/ce/sam' 'training trajectories'
}

# The same bits whatever the machine offers: goldens on scalar code, and others on its other instruction sets, in one
# thread. doctor names the paths that there are. Kept whole before the search: a search that stops early would break the
# pipe and hide a path.
golden_checks_on_paths() { # names-for-scalar names-for-others
  local isa paths names
  paths=$("$tool" doctor --json)
  for isa in scalar avx2 avx512 neon; do
    [[ $paths == *"\"isa\": \"$isa\""* ]] || continue
    names=$2
    [[ $isa == scalar ]] && names=$1
    printf 'golden check %s with ESCAPEMENT_ISA=%s ESCAPEMENT_THREADS=1\n' "$names" "$isa"
    # shellcheck disable=SC2086
    ESCAPEMENT_ISA=$isa ESCAPEMENT_THREADS=1 "$tool" golden check $names
  done
}

# The contrasts at fixture scale against the record, and the worlds in which those that are seen must vanish.
contrast_checks() {
  "$tool" verify --tier contrast
  "$tool" verify --tier contrast --null permuted-labels
  "$tool" verify --tier contrast --null identity-hessian
}

# An author's package with an optimizer of its own, by path, under Swift Testing and XCTest, and the README's examples in
# a package that depends on this one by path. They share the build's directory and flags, so that only their own files
# are compiled; with CI set no golden is written.
example_check() {
  local example=(--package-path Examples/OwnOptimizer) readme
  build_checked "${example[@]}"
  CI=1 swift test --skip-build "${example[@]}" --traits "$traits" "${checked[@]}"
  readme=$(mktemp -d)
  # shellcheck disable=SC2064
  trap "rm -rf '$readme'" EXIT
  readme_package "$readme" ".package(name: \"escapement\", path: \"$PWD\", traits: [\"${traits//,/\", \"}\"])"
  SWIFT_DETERMINISTIC_HASHING=1 swift run --package-path "$readme" "${checked[@]}" consumer
  rm -rf "$readme"
  trap - EXIT
}

# A package of the README's Swift examples: directory, and the dependency on this package.
readme_package() {
  mkdir -p "$1/Sources/consumer"
  local document
  for document in README.md Documentation/Spectra.md; do
    # shellcheck disable=SC2016
    sed -n '/^```swift$/,/^```$/p' "$document" | sed '/^```/d' >"$1/example.swift"
    [[ -s $1/example.swift ]] || {
      say "ci.sh: $document holds no Swift example"
      return 1
    }
    cat "$1/example.swift" >>"$1/Sources/consumer/main.swift"
  done
  cat >"$1/Package.swift" <<MANIFEST
// swift-tools-version: 6.2
import PackageDescription
let package = Package(
  name: "consumer",
  dependencies: [$2],
  targets: [
    .executableTarget(
      name: "consumer",
      dependencies: [
        .product(name: "Escapement", package: "escapement"),
        .product(name: "EscapementTesting", package: "escapement"),
      ])
  ])
MANIFEST
}

# The same two by a tagged version: versioned dependencies refuse unsafe build flags unless the toolchain allows them.
consumer_check() {
  local scratch
  scratch=$(mktemp -d)
  # shellcheck disable=SC2064
  trap "rm -rf '$scratch'" EXIT
  mkdir -p "$scratch/escapement"
  git ls-files -z --cached --others --exclude-standard |
    while IFS= read -r -d '' file; do [[ -e $file ]] && printf '%s\0' "$file"; done |
    tar --null -T - -cf - | tar -xf - -C "$scratch/escapement"
  (
    cd "$scratch/escapement"
    git init -q
    git add -A
    git -c user.name=ci -c user.email=ci@localhost commit -qm 'Consumer check'
    git tag 0.1.0
  )
  readme_package "$scratch/consumer" ".package(url: \"file://$scratch/escapement\", from: \"0.1.0\")"
  swift run --package-path "$scratch/consumer" consumer
  # The example package too, as its manifest says an author would write it: by version in place of by path.
  cp -R Examples/OwnOptimizer "$scratch/example"
  sed -i.path "s|name: \"escapement\", path: \"[./]*\",|url: \"file://$scratch/escapement\", from: \"0.1.0\",|" \
    "$scratch/example/Package.swift"
  grep -q 'from: "0.1.0",' "$scratch/example/Package.swift" || {
    say "ci.sh: Examples/OwnOptimizer/Package.swift does not name its dependency as this check expects"
    return 1
  }
  CI=1 swift test --package-path "$scratch/example" --scratch-path "$scratch/consumer/.build"
  rm -rf "$scratch"
  trap - EXIT
}

# The README's commands, with what they print.
walkthrough_check() {
  command -v python3 >/dev/null || {
    printf 'Documentation/Walkthrough.md is not checked: no python3\n'
    return 0
  }
  Documentation/walkthrough --check --tool "$tool"
}

# The tables of Documentation/Rerun.md are those that the runs in Evidence/ give, and these stay small.
rerun_check() {
  local size
  size=$(du -sk Evidence | cut -f1)
  ((size <= 40 * 1024)) || {
    say "ci.sh: Evidence/ has $((size / 1024)) MiB, expected at most 40: keep the weights of one seed of a method"
    return 1
  }
  command -v python3 >/dev/null || {
    printf 'Documentation/Rerun.md is not checked: no python3\n'
    return 0
  }
  Documentation/rerun --check --tool "$tool"
}

# The tests of the Python package, where Python has what they need: they read files that the executable writes.
python_check() {
  local python=${PYTHON:-python3}
  "$python" -c 'import sys, numpy, pytest; sys.exit(sys.version_info < (3, 9))' 2>/dev/null || {
    printf 'Python/ is not tested: no %s of 3.9 or later with numpy and pytest (pip install numpy pytest jsonschema)\n' \
      "$python"
    return 0
  }
  ESCAPEMENT_EXECUTABLE=$PWD/$tool PYTHONDONTWRITEBYTECODE=1 "$python" -m pytest -q -p no:cacheprovider Python
}

# ---- The two commands ----------------------------------------------------------------------------

install_missing
check_swift

if [[ ${1:-} == mutants ]]; then
  shift
  exec Benchmarks/detection/run "$@"
fi
if [[ ${1:-} == wheel || ${1:-} == dist ]]; then
  (($# == 1)) || {
    say "ci.sh: $1 takes no argument, got \"$2\""
    exit 64
  }
  Python/wheel
  [[ $1 == wheel ]] || Packaging/archive
  exit
fi
if [[ ${1:-} == torture ]]; then
  shift
  command -v python3 >/dev/null || fail "missing: python3, which the torture of runs is written in (apt-get install python3)"
  build_release >&2
  exec Benchmarks/torture/run --tool "$(swift build -c release --show-bin-path)/escapement" "$@"
fi
if [[ ${1:-} == sanitize ]]; then
  kind=${2:-}
  [[ $kind == address || $kind == thread ]] || {
    say "ci.sh: sanitize is \"$kind\", expected address or thread"
    exit 64
  }
  shift 2
  # A leak report needs ptrace, which containers refuse; one test asks for a block that nobody has. Left out are tests
  # of a limit on file sizes, within which a sanitizer cannot start, and one that counts page faults.
  export ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1 TSAN_OPTIONS=allocator_may_return_null=1
  exec swift test --traits Images --disable-xctest --sanitize "$kind" --scratch-path ".build-$kind" \
    --skip '/fileSizeLimit|BenchTests/steady' "$@"
fi
nightly=false
if [[ ${1:-} == nightly ]]; then
  (($# == 1)) || {
    say "ci.sh: nightly takes no argument, got \"$2\""
    exit 64
  }
  nightly=true
elif (($# > 0)); then
  build_release >&2
  exec "$(swift build -c release --show-bin-path)/escapement" "$@"
fi

tests_passed=0
if $nightly; then
  stage build build_debug
  # Tests/TestSupport/Nightly.swift
  ESCAPEMENT_TESTS=nightly stage test run_tests --traits "$traits"
  stage release build_release
  tool=.build/release/escapement
  stage goldens golden_checks_on_paths 'training trajectories' 'training trajectories fixture'
  stage contrasts contrast_checks
  stage consumer consumer_check
else
  stage build build_checked
  stage lint lint
  stage surface check_surface
  stage libm check_no_libm
  stage faults Benchmarks/detection/run --check
  stage test run_tests --traits "$traits" "${checked[@]}"
  stage ranks Benchmarks/ranks/run --short --tool "$tool"
  stage example example_check
  stage golden golden_checks
  stage cifar10 cifar10_checks
  stage walkthrough walkthrough_check
  stage rerun rerun_check
  stage python python_check
fi
summary=$(printf ', %s' "${durations[@]}")
printf 'ci.sh: passed in %d s: %s\n' "$SECONDS" "${summary:2}"
printf '%d passed, 0 failed\n' "$tests_passed"
