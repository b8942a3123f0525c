"""The environment in which a program finds the double of AWS, and no other AWS."""

import shlex
from collections.abc import Mapping

from sandbox import engine
from sandbox.aws import process
from sandbox.aws.process import Account
from sandbox.certificates import write_private
from sandbox.paths import Home
from sandbox.ports import LOOPBACK

KEYS = {"aws_access_key_id": "sandbox", "aws_secret_access_key": "sandbox"}
"""They protect nothing: the double checks no signature."""
NEAR = (LOOPBACK, "localhost")


def prepare_environment(home: Home, account: Account, base: Mapping[str, str]) -> dict[str, str]:
    """Start the double with an account, and return an environment in which it is the only AWS.

    Without the variables of the user's own account a request that would reach it cannot be signed.
    """
    endpoint = process.up(home)
    process.ensure(home, account)
    environment = {key: value for key, value in base.items() if not key.startswith("AWS_")}
    environment |= {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_REGION": account.region,
        "AWS_DEFAULT_REGION": account.region,
        "AWS_EC2_METADATA_DISABLED": "true",
        **write_profiles(home, account),
        **{key.upper(): value for key, value in KEYS.items()},
        "PATH": f"{write_command(home)}:{base.get('PATH', '')}",
    }
    for key in ("NO_PROXY", "no_proxy"):
        environment[key] = ",".join(filter(None, (base.get(key), *NEAR)))
    return environment


def write_profiles(home: Home, account: Account) -> dict[str, str]:
    """Write the AWS CLI's two files with the stack's profile; return the variables that name them."""
    names = ["default", *([account.profile] if account.profile else [])]
    titles = ["default" if name == "default" else f"profile {name}" for name in names]
    keys = "\n".join(f"{key} = {value}" for key, value in KEYS.items())
    files = {
        "AWS_CONFIG_FILE": "".join(f"[{title}]\nregion = {account.region}\n" for title in titles),
        "AWS_SHARED_CREDENTIALS_FILE": "".join(f"[{name}]\n{keys}\n" for name in names),
    }
    for variable, content in files.items():
        write_private(home.aws / variable.lower(), content.encode())
    return {variable: str(home.aws / variable.lower()) for variable in files}


def write_command(home: Home) -> str:
    """Write the command `aws`, which kubeconfigs of EKS clusters start to log in; return its folder."""
    folder = home.aws / "bin"
    settled = f"export SANDBOX_HOME={shlex.quote(str(home.folder))}\n"
    engine.write_script(folder / "aws", "sandbox.aws.command", settled)
    return str(folder)
