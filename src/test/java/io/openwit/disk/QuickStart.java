package io.openwit.disk;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.jar.JarOutputStream;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;

/// A class path of jars alone, as an archive of loaded classes (CDS) needs one.
final class QuickStart {
    private QuickStart() {}

    /// @param own the jar to make, of what the class path has in directories
    /// @return the class path of this process with that jar in the place of the directories
    static String jars(Path own) throws IOException {
        List<Path> entries = Arrays.stream(System.getProperty("java.class.path").split(":"))
                .filter(entry -> !entry.isEmpty())
                .map(Path::of)
                .toList();
        try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(own))) {
            for (Path entry : entries) {
                if (Files.isDirectory(entry) && !entry.endsWith("test-classes")) {
                    add(entry, out);
                }
            }
        }
        return Stream.concat(Stream.of(own), entries.stream().filter(Files::isRegularFile))
                .map(Path::toString)
                .collect(Collectors.joining(":"));
    }

    /// Directories get entries of their own: who looks for resources by their folder needs them.
    private static void add(Path directory, JarOutputStream out) throws IOException {
        List<Path> entries;
        try (Stream<Path> all = Files.walk(directory)) {
            entries = all.filter(entry -> !entry.equals(directory)).sorted().toList();
        }
        for (Path entry : entries) {
            String name = directory.relativize(entry).toString();
            boolean folder = Files.isDirectory(entry);
            out.putNextEntry(new ZipEntry(folder ? name + "/" : name));
            if (!folder) {
                Files.copy(entry, out);
            }
            out.closeEntry();
        }
    }
}
