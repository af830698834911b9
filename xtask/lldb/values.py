"""What LLDB makes of C++'s variables, at stops of this debugger: `cargo xtask lldb-values`.

LLDB can't run WebAssembly by itself. At each stop this debugger says what the machine has (memory, locals, the stack), a
small server answers LLDB's questions from that, and LLDB's own formatters show the variables. Written down are the leaves of
each variable in their order: texts, numbers, truth values.
"""

import json
import os
import socket
import struct
import subprocess
import sys

import lldb

CODE = 0x4000000000000000
PAGE = 4096
TRIPLE = "wasm32-unknown-unknown-wasm".encode().hex()


class Stop:
    """What a machine has where it stands."""

    def __init__(self, debugger, module, place):
        commands = [f"break {place}", "run", "info wasm", "bt"]
        pages = 32
        commands += [f"x/{PAGE}xb {page * PAGE}" for page in range(pages)]
        words = [debugger, "debug", "--batch", "--json"]
        for command in commands:
            words += ["-e", command]
        output = subprocess.run(words + [module], capture_output=True, text=True, check=False).stdout
        self.memory = bytearray()
        for line in output.splitlines():
            answer = json.loads(line)
            if not answer.get("ok"):
                continue
            if "memory" in answer:
                self.memory += bytes(answer["memory"]["bytes"])
            elif "wasm" in answer:
                self.machine = answer["wasm"]
            elif "stack" in answer:
                self.pcs = [frame["pc"] for frame in answer["stack"]["frames"] if frame.get("pc")]
        with open(module, "rb") as file:
            self.file = file.read()
        self.module = module


class Server:
    """The GDB remote protocol, as far as LLDB asks about a stop."""

    def __init__(self, stop):
        self.stop = stop
        self.listener = socket.socket()
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(1)
        self.port = self.listener.getsockname()[1]
        # A process of its own: LLDB doesn't let other Python threads run while it waits for an answer.
        if os.fork() == 0:
            self.serve()
            os._exit(0)

    def serve(self):
        connection, _ = self.listener.accept()
        acknowledges, pending = True, b""
        while data := connection.recv(1 << 16):
            pending += data
            while pending:
                if pending[:1] != b"$":
                    pending = pending[1:]
                    continue
                end = pending.find(b"#")
                if end < 0 or len(pending) < end + 3:
                    break
                packet, pending = pending[1:end].decode("latin1"), pending[end + 3 :]
                if acknowledges:
                    connection.sendall(b"+")
                raw = bytearray()
                for byte in self.answer(packet).encode("latin1"):
                    raw += bytes([0x7D, byte ^ 0x20]) if byte in b"#$}*" else bytes([byte])
                try:
                    connection.sendall(b"$" + raw + b"#%02x" % (sum(raw) & 255))
                except ConnectionError:
                    return  # It doesn't wait for the answer to its goodbye.
                acknowledges = acknowledges and packet != "QStartNoAckMode"

    def answer(self, packet):
        stop = self.stop
        pc = struct.pack("<Q", stop.pcs[0] | CODE).hex()
        if packet.startswith("qSupported"):
            return "PacketSize=20000;QStartNoAckMode+;qXfer:libraries:read+"
        if packet in ("QStartNoAckMode", "QThreadSuffixSupported", "QListThreadsInStopReply") or packet[0] == "H":
            return "OK"
        if packet in ("qHostInfo", "qProcessInfo"):
            return f"pid:1;triple:{TRIPLE};endian:little;ptrsize:4;"
        if packet == "?":
            return f"T05thread:1;thread-pcs:{stop.pcs[0] | CODE:x};00:{pc};reason:signal;"
        if packet == "qRegisterInfo0":
            numbers = "bitsize:64;offset:0;encoding:uint;format:hex;gcc:16;dwarf:16"
            return f"name:pc;alt-name:pc;{numbers};set:General Purpose Registers;generic:pc;"
        if packet.startswith("qRegisterInfo"):
            return "E45"
        if packet.startswith("qXfer:libraries:read"):
            section = f'<section address="0x{CODE:x}"/>'
            return f'l<library-list><library name="{stop.module}">{section}</library></library-list>'
        if packet in ("qfThreadInfo", "qsThreadInfo"):
            return "m1" if packet == "qfThreadInfo" else "l"
        if packet.startswith("qWasmCallStack"):
            return "".join(struct.pack("<Q", frame | CODE).hex() for frame in stop.pcs)
        for name, key in (("qWasmLocal:", "locals"), ("qWasmStackValue:", "operands"), ("qWasmGlobal:", "globals")):
            if packet.startswith(name):
                frame, index = [int(word) for word in packet[len(name) :].split(";")[:2]]
                values = stop.machine.get(key) or []
                if index >= len(values) or frame != 0 and key != "globals":
                    return "E01"
                form = {"i32": "<i", "i64": "<q"}.get(values[index]["type"])
                return struct.pack(form, int(values[index]["value"])).hex() if form else "E01"
        if packet[0] == "p":
            return pc
        if packet[0] == "m":
            address, count = [int(word, 16) for word in packet[1:].split(",")]
            data = stop.file if address >> 62 else stop.memory
            start = address & 0xFFFFFFFF
            return bytes(data[start : start + count]).hex() or "E03"
        return ""


def leaves(value, depth=0):
    """Texts, numbers and truth values inside a value, in order."""
    summary = value.GetSummary()
    kind = value.GetType().GetCanonicalType().GetBasicType()
    if summary and summary.lstrip("LuU8").startswith('"'):
        return [summary]
    if depth > 12:
        return ["…"]
    characters = (lldb.eBasicTypeChar, lldb.eBasicTypeSignedChar, lldb.eBasicTypeUnsignedChar)
    if kind in characters:
        return [str(value.GetValueAsSigned())]
    found = [leaf for index in range(value.GetNumChildren()) for leaf in leaves(value.GetChildAtIndex(index), depth + 1)]
    if value.GetNumChildren() or value.IsSynthetic() or not value.GetValue():
        return found
    return [value.GetValue()]


def main():
    debugger_program, out, *jobs = sys.argv[1:]
    stops = []
    for job in jobs:
        module, place, marker = job.split("@")
        server = Server(Stop(debugger_program, f"guests/built/{module}.wasm", place))
        debugger = lldb.SBDebugger.Create()
        debugger.SetAsync(False)
        target, error = debugger.CreateTarget(""), lldb.SBError()
        process = target.ConnectRemote(lldb.SBListener(), f"connect://127.0.0.1:{server.port}", "wasm", error)
        if error.Fail():
            sys.exit(f"{job}: LLDB can't connect: {error}")
        frame = process.GetSelectedThread().GetFrameAtIndex(0)
        variables = {}
        for variable in frame.GetVariables(True, True, False, True):
            variable.SetPreferSyntheticValue(True)
            variables[variable.GetName()] = leaves(variable)
        stops.append({"module": module, "marker": marker, "variables": variables})
        lldb.SBDebugger.Destroy(debugger)
    with open(out, "w", encoding="utf-8") as file:
        json.dump({"lldb": lldb.SBDebugger.GetVersionString().split("\n")[0], "stops": stops}, file, indent=1, ensure_ascii=False)
        file.write("\n")
    os._exit(0)


main()
