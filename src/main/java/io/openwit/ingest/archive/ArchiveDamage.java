package io.openwit.ingest.archive;

import java.nio.file.Path;

/// Something in the archive that is not what was written.
///
/// @param file stream or catalogue
/// @param offset in the file
/// @param rows that are lost; -1 where it is not known
/// @param what in words
public record ArchiveDamage(Path file, long offset, long rows, String what) {}
