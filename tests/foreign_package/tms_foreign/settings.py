from tms_core.settings_base import SettingsGroup, setting


class ForeignSettings(SettingsGroup, prefix="foreign"):
    mark: str = setting("·", help="Stands before each note.")
    longest: int = setting(100, help="Notes that are shown at most.", ge=1)
