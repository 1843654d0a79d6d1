"""Which engine a name means, and which one is used where none is named."""

from testbed.engine.engine import Engine, Say

MAKE_READY = "testbed prepare --engine uml"


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


def usual_engine(say: Say) -> str:
    """The quick one once its kernel is built, until then the virtual machine; `say` gets a line about that."""
    from testbed.engine.uml.built_kernel import is_ready  # noqa: PLC0415 - as above

    if is_ready():
        return "uml"
    say(f"engine vm; '{MAKE_READY}' (once, 5 to 10 minutes) builds one that takes a quarter of the time")
    return "vm"
