# Sourced by ops/up and ops/test: installs what they need and this machine has not, and says so.
# shellcheck shell=bash

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        die "This needs root, and there is no sudo here. Run as root: $*"
    fi
}

# Shows what a command printed only if it failed, and then ends.
quietly() {
    local output
    output=$("$@" 2>&1) || {
        say "$output"
        die "Failed: $*"
    }
}

# Debian and Ubuntu packages by name.
install_packages() {
    [ $# -gt 0 ] || return 0
    command -v apt-get >/dev/null || die "Install with this system's package manager, then run this again: $*"
    say "installing $*"
    quietly as_root apt-get update
    quietly as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"
}

install_stores() {
    local missing=()
    "$root/ops/local/postgres" --check 2>/dev/null || missing+=(postgresql)
    "$root/ops/local/redis" --check 2>/dev/null || missing+=(redis-server)
    command -v zstd >/dev/null || missing+=(zstd) # the audit archive's
    install_packages "${missing[@]}"
}

# The system runs without it, so nothing here is a reason to stop.
install_dashboard() {
    local package
    ! "$root/ops/local/dashboard" --check 2>/dev/null || return 0
    package=$("$root/ops/local/dashboard" --package)
    if ! command -v npm >/dev/null; then
        say "going on without the dashboard: npm, which brings it, is not installed (sudo apt-get install npm, then run this again)"
        return 0
    fi
    say "installing the Aspire dashboard ($package)"
    local install=(npm install --global "$package")
    [ -w "$(npm prefix --global 2>/dev/null)/lib" ] || install=(as_root "${install[@]}")
    (quietly "${install[@]}") || say "going on without the dashboard"
}
