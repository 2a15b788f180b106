"""The container image: how it is built, and what is in it."""

import re

from engine import docker, inspect, run


def in_image(image, *command: str, user: str = "0") -> str:
    """Runs a command of the image's, without network or privileges."""
    program, *arguments = command
    return docker(
        *("run", "--rm", "--network", "none", "--read-only"),
        *("--cap-drop", "ALL", "--cap-add", "DAC_READ_SEARCH"),
        *("--user", user, "--entrypoint", program, image.name),
        *arguments,
    )


def test_build_without_a_warning(image):
    complaint = re.compile(r"\bwarn(ing)?s?\b|deprecat|debconf:", re.I)
    found = [
        line for line in image.built.splitlines() if complaint.search(line)
    ]
    assert not found
    # it was there to be read
    assert "Linking C executable aurix-bridge" in image.built


def test_size_is_reported(image, capsys):
    """By `make image`, and here for who reads what CI says."""
    (report,) = (
        line for line in image.built.splitlines() if "MB, of which" in line
    )
    total, base, packages, ours = map(float, re.findall(r" (\d+\.\d)", report))
    assert abs(total - base - packages - ours) < 0.3, report
    assert 0 < ours < 5, report
    assert 0 < packages < base, report
    with capsys.disabled():
        print(f"\n{report}")


def test_no_compiler_and_no_header(image):
    programs = ("cc", "cpp", "gcc*", "c[89]9", "clang*", "*-gcc*", "tcc")
    tools = ("as", "ld", "ld.bfd", "ld.gold", "make", "cmake", "ninja")
    paths = [f"*/bin/{name}" for name in (*programs, *tools)]
    paths += [f"*.{suffix}" for suffix in ("h", "hpp", "a", "o", "pc")]
    paths += ["*/cc1*", "*/collect2", "*/include/*"]
    wanted = [word for path in paths for word in ("-o", "-path", path)][1:]
    found = in_image(
        *(image, "find", "/", "-xdev", "-path", "/proc", "-prune", "-o"),
        *("(", "-type", "f", "-o", "-type", "l", ")"),
        *("(", *wanted, ")", "-print"),
    )
    assert found.split() == []
    packages = in_image(image, "dpkg-query", "-W", "-f", "${Package}\n").split()
    assert "librdkafka1" in packages
    assert [name for name in packages if name.endswith("-dev")] == []


def test_user_command_port_and_health(image):
    config = inspect(image.name)["Config"]
    assert config["User"] == "10001:10001"
    assert config["Entrypoint"] == ["aurix-bridge"]
    assert config["Cmd"] == ["serve"]
    assert list(config["ExposedPorts"]) == ["8005/tcp"]
    assert config["Healthcheck"]["Test"] == ["CMD", "aurix-bridge", "health"]
    assert config.get("Volumes") in (None, {})


def test_labels(image):
    labels = inspect(image.name)["Config"]["Labels"]
    value = {
        name.removeprefix("org.opencontainers.image."): text
        for name, text in labels.items()
        if name.startswith("org.opencontainers.image.")
    }
    assert value["title"] == "aurix-bridge"
    assert value["licenses"] == "Apache-2.0"
    assert value["version"] == image.version
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)", value["created"]
    )
    commit = run("git", "rev-parse", "HEAD", check=False).stdout.strip()
    assert value["revision"].removesuffix("-dirty") == (commit or "unknown")


def test_runs_unprivileged(image):
    said = in_image(image, "aurix-bridge", "--version", user="10001:10001")
    assert said.splitlines()[0] == f"aurix-bridge {image.version}"


def test_waits_to_be_told_what_it_needs(image):
    """Without a secret: says so, and ends."""
    done = run("docker", "run", "--rm", "--read-only", image.name, check=False)
    assert done.returncode == 1
    assert "AURIX_WEBHOOK_SECRET" in done.stderr


def test_place_of_the_spool(image):
    """A new volume gets owner and mode of what it covers."""
    places = ("/var/lib/aurix-bridge", "/var/lib/aurix-bridge/spool")
    said = in_image(image, "stat", "-c", "%u:%g %a", *places)
    assert said.splitlines() == ["10001:10001 700"] * 2
