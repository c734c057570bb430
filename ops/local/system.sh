# Sourced by the scripts in ops: where the checkout and its data folder are, whether a system runs there, and how programs reach it.
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

need_running() {
    is_running || die "WaMcp is not running. Start it with ./ops/up (or ./ops/up --detach), then try again."
    [ -f "$data/endpoints.json" ] || die "WaMcp is still starting (or stopping). Try again when it says that it is up."
}

# Sets $program to a project's built program, and builds it first where there is none. Standard input and output stay the caller's.
need_program() {
    local configuration
    for configuration in debug release; do
        program=$root/artifacts/bin/$1/$configuration/$1.dll
        [ ! -f "$program" ] || return 0
    done
    need_dotnet
    dotnet build "$root/$1" --nologo -v quiet < /dev/null >&2
    program=$root/artifacts/bin/$1/debug/$1.dll
}

# What a program of ours needs to work with the running system.
export_settings() {
    # postgresql://ROLE:PASSWORD@HOST:PORT/DATABASE as Npgsql wants it.
    [[ $(endpoint postgres) =~ ^postgresql://([^:]+):([^@]+)@(.+):([0-9]+)/(.+)$ ]] || die "$data/endpoints.json names no Postgres."
    export ConnectionStrings__wamcp="Host=${BASH_REMATCH[3]};Port=${BASH_REMATCH[4]};Database=${BASH_REMATCH[5]};Username=${BASH_REMATCH[1]};Password=${BASH_REMATCH[2]}"
    local redis
    redis=$(endpoint redis)
    export ConnectionStrings__redis=${redis#redis://}
    export Secrets__Directory=$data/secrets AuditArchive__Folder=$data/audit-archive Media__Folder=$data/media
    WhatsApp__GraphUrl=$(endpoint sandbox)
    export WhatsApp__GraphUrl DOTNET_ENVIRONMENT=Development
}
