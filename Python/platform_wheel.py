"""Marks a wheel that has the executable inside as one for this platform."""

import sysconfig
from pathlib import Path

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class PlatformWheel(BuildHookInterface):
    def initialize(self, version, build_data):
        if not (Path(self.root) / "src/escapement/bin/escapement").exists():
            return
        platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
        build_data["pure_python"] = False
        # The executable needs no Python, so one wheel serves every version.
        build_data["tag"] = f"py3-none-{platform}"
