package io.openwit.disk;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;

/// What the tests of this package need from the machine. Where something is missing, the test is skipped with a line that says
/// what; where the environment variable `OPENWIT_FAULTS` is `required`, it fails instead.
final class Needs {
    private static final boolean REQUIRED = "required".equals(System.getenv("OPENWIT_FAULTS"));

    private Needs() {}

    /// To mount, to cut the power, and to trace a process that one did not start.
    static void root() throws IOException, InterruptedException {
        need(Command.of("id", "-u").run().equals("0"), "this test mounts file systems: run it as root");
    }

    static void strace() {
        tool("strace", "strace");
    }

    /// A file that can be mounted as a disk.
    static void loopDevices() throws IOException, InterruptedException {
        root();
        tool("mkfs.ext4", "e2fsprogs");
        tool("mount", "mount");
        need(Files.exists(Path.of("/dev/loop-control")), "there are no loop devices here: /dev/loop-control is missing");
    }

    private static void tool(String name, String debianPackage) {
        need(Command.exists(name), name + " is missing: install the package " + debianPackage);
    }

    private static void need(boolean there, String otherwise) {
        if (REQUIRED) {
            assertThat(there).as(otherwise).isTrue();
        }
        Assumptions.assumeTrue(there, otherwise);
    }
}
