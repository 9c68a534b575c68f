"""The commands for a workshop folder: `new`, `validate`, and `open` for the notebook of a session."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from spp_workshop.errors import message

from .voice import ALL_WELL, SOME_FAILED, Voice, workshop_folder


def new(options: Namespace, voice: Voice) -> int:
    """Make a workshop folder. Raises SppError when it cannot be made."""
    from spp_workshop.folders import new_folder
    from spp_workshop.storefile import refuse_unsafe_place
    from spp_workshop.workshop import STORE_FILE

    refuse_unsafe_place(options.folder / STORE_FILE)
    programme = new_folder(options.folder, options.template)
    voice.tell(message("The workshop folder {folder} is made.", folder=options.folder))
    voice.tell(
        message(
            "Write your companies and dates into {file}, then check it: spp-workshop validate {folder}",
            file=programme,
            folder=_typed(options.folder),
        )
    )
    voice.data({"folder": str(options.folder), "programme": str(programme)})
    return ALL_WELL


def validate(options: Namespace, voice: Voice) -> int:
    """Tell every problem of a workshop folder. Raises SppError when it is none."""
    from spp_workshop import validation

    found = validation.validate(workshop_folder(options.folder))
    voice.problems(found)
    if found:
        voice.tell(message("{count} problems in all.", count=len(found)))
    else:
        voice.tell(message("Programme, worksheets and notebooks are all right."))
    voice.data({"problems": [problem.as_json(voice.language) for problem in found]})
    return SOME_FAILED if found else ALL_WELL


def open_session(options: Namespace, voice: Voice) -> int:
    """Open the notebook of a session in JupyterLab. Raises SppError when it cannot be prepared."""
    from spp_workshop import notebooks, programme

    folder = workshop_folder(options.folder)
    running = programme.load(folder)
    session = running.session(options.session)
    copy = notebooks.open_copy(folder, session, voice.language, running)
    voice.tell(message("The notebook {file} is ready.", file=copy))
    voice.tell(message("JupyterLab starts now. To end it, press Ctrl+C in this window."))
    with _jupyterlab_settings(voice.language) as settings:
        _start_jupyterlab(folder, copy, session.key, settings, browser=not options.no_browser)
    return ALL_WELL


@contextmanager
def _jupyterlab_settings(language: str) -> Iterator[Path]:
    """A folder with our defaults for JupyterLab's settings; its menus speak the language of the notebook."""
    from spp_workshop.documents import PACKAGE

    shipped = json.loads((PACKAGE / "jupyterlab" / "overrides.json").read_text("utf-8"))
    spoken = {"@jupyterlab/translation-extension:plugin": {"locale": {"ja": "ja_JP", "en": "en"}[language]}}
    with TemporaryDirectory() as folder:
        Path(folder, "overrides.json").write_text(json.dumps(shipped | spoken), encoding="utf-8")
        yield Path(folder)


def _start_jupyterlab(folder: Path, notebook: Path, session: str, settings: Path, *, browser: bool) -> None:
    """JupyterLab on one notebook, asking nothing of the internet: no news, no updates, no extension store."""
    from urllib.parse import quote

    from jupyterlab.labapp import LabApp

    # A workspace for each session: JupyterLab does not bring back what was open at another.
    address = quote(f"/lab/workspaces/{session}/tree/{notebook.relative_to(folder).as_posix()}")
    words = [
        f"--ServerApp.root_dir={folder.resolve()}",
        f"--LabApp.default_url={address}",
        "--ServerApp.allow_root=True",  # Whoever works as root, as in a container, has decided so already.
        # Else it asks about news, and for a kernel when one is quick to run.
        f"--LabApp.app_settings_dir={settings}",
        "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--LabApp.extension_manager=readonly",
        "--LanguageServerManager.autodetect=False",
    ]
    LabApp.launch_instance(argv=words if browser else [*words, "--no-browser"])


def _typed(path: Path) -> str:
    """A path as one types it in a shell."""
    import shlex

    text = str(path)
    if sys.platform == "win32":
        return f'"{text}"' if " " in text else text
    return shlex.quote(text)


__all__ = ["new", "open_session", "validate"]
