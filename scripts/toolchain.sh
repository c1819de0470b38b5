# Sourced by ./holdfast and ./test: finds what the project needs, installs what is missing, says nothing when nothing is.

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1
export DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
die() { say "$*"; exit 1; }

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        say "cannot run '$*': not root, and there is no sudo"
        return 1
    fi
}

apt_update_done=
apt_update() {
    [ -n "$apt_update_done" ] && return
    as_root apt-get update -qq >/dev/null && apt_update_done=1
}

# install_packages PACKAGE...: installs Debian packages; the caller has found that they are missing.
install_packages() {
    command -v apt-get >/dev/null || die "please install: $* (there is no apt-get here to do it)"
    say "installs $*"
    apt_update || die "apt-get update failed; please install: $*"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null \
        || die "apt-get could not install: $*"
}

has_sdk() { [ -x "$1" ] && "$1" --list-sdks 2>/dev/null | grep -q '^10\.'; }

# find_dotnet: sets $dotnet to a host with the .NET 10 SDK; installs one when there is none.
find_dotnet() {
    local candidate
    for candidate in "$(command -v dotnet || true)" "$HOME/.dotnet/dotnet"; do
        if has_sdk "$candidate"; then
            dotnet=$candidate
            return
        fi
    done

    if command -v apt-get >/dev/null && apt_update && apt-cache show dotnet-sdk-10.0 >/dev/null 2>&1; then
        install_packages dotnet-sdk-10.0
        dotnet=$(command -v dotnet)
    else
        install_dotnet_from_microsoft
        dotnet=$HOME/.dotnet/dotnet
    fi

    has_sdk "$dotnet" || die "the .NET 10 SDK is needed and could not be installed; see https://dotnet.microsoft.com/download/dotnet/10.0"
}

install_dotnet_from_microsoft() {
    command -v curl >/dev/null || install_packages curl ca-certificates
    say "installs the .NET 10 SDK into $HOME/.dotnet"
    local script
    script=$(mktemp)
    if ! curl -fsSL --retry 3 -o "$script" https://dot.net/v1/dotnet-install.sh \
        || ! bash "$script" --channel 10.0 --install-dir "$HOME/.dotnet" >"$script.log" 2>&1; then
        tail -n 5 "$script.log" >&2 2>/dev/null || true
        rm -f "$script" "$script.log"
        die "the .NET 10 SDK is neither in this distribution's packages nor could Microsoft's installer be run; see https://dotnet.microsoft.com/download/dotnet/10.0"
    fi

    rm -f "$script" "$script.log"
}

# install_drill_tools: what 'holdfast drill' runs beside the product, and what its network is made of.
install_drill_tools() {
    local missing=()
    command -v etcd >/dev/null || missing+=(etcd-server)
    command -v patroni >/dev/null || missing+=(patroni python3-etcd)
    compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null || missing+=(postgresql)
    command -v setpriv >/dev/null && command -v setsid >/dev/null || missing+=(util-linux)
    compgen -G '/usr/lib/*/faketime/libfaketime.so.1' >/dev/null || missing+=(libfaketime)
    if [ "$(id -u)" -eq 0 ]; then
        PATH=$PATH:/usr/sbin:/sbin command -v ip >/dev/null || missing+=(iproute2)
        PATH=$PATH:/usr/sbin:/sbin command -v iptables >/dev/null || missing+=(iptables)
    fi

    [ ${#missing[@]} -eq 0 ] && return
    install_packages "${missing[@]}"
    # Debian starts what it installs; the drill starts its own.
    [ ! -d /run/systemd/system ] || as_root systemctl disable --now etcd patroni postgresql >/dev/null 2>&1 || true
}
