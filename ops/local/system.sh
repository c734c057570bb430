# Sourced by ops/up, ops/down and ops/admin: where the checkout and its data folder are, and whether a system runs there.
# shellcheck shell=bash

root=$(cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/../.." && pwd)
data=$(realpath -m -- "${WAMCP_DATA:-$root/.wamcp}")
export WAMCP_DATA=$data

say() { printf '%s\n' "$*" >&2; }

die() {
    say "$@"
    exit 1
}

# The AppHost holds the lock as long as it lives, however it ends.
is_running() { [ -f "$data/apphost.lock" ] && ! flock --nonblock "$data/apphost.lock" true; }

# One value of endpoints.json; empty when it is null or the file is not there (yet).
endpoint() { sed -n 's/^ *"'"$1"'": "\(.*\)",\{0,1\}$/\1/p' "$data/endpoints.json" 2>/dev/null || true; }

need_dotnet() {
    case $(command -v dotnet >/dev/null && dotnet --list-sdks) in
        10.* | *$'\n'10.*) ;;
        *) die "The .NET SDK 10 is not installed: sudo apt-get install dotnet-sdk-10.0, or see https://dotnet.microsoft.com/download" ;;
    esac
}
