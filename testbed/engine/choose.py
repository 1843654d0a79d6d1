"""Which engine a name means."""

from testbed.engine.engine import Engine


def make_engine(name: str) -> Engine:
    """The engine of that name; raises KeyError. Only what it needs is loaded."""
    if name == "vm":
        from testbed.engine.vm.vm_engine import VmEngine  # noqa: PLC0415

        return VmEngine()
    if name == "uml":
        from testbed.engine.uml.uml_engine import UmlEngine  # noqa: PLC0415

        return UmlEngine()
    if name == "native":
        from testbed.engine.native import NativeEngine  # noqa: PLC0415

        return NativeEngine()
    raise KeyError(name)
