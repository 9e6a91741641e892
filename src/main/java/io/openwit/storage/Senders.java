package io.openwit.storage;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.openwit.model.NodeId;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// The highest epoch of each sender, kept in the file `senders`: what fences a sender that has been replaced.
///
/// A line each, `n1 4`, below the line `openwit senders 1`. Written only when a node has started anew, as a whole.
/// Owned by
/// the lander.
final class Senders {
    private static final String FIRST_LINE = "openwit senders 1";

    private final Path file;
    private final Map<NodeId, Long> epochs = new TreeMap<>();

    private Senders(Path file) {
        this.file = file;
    }

    /// @throws IOException the file cannot be read, or is not such a file
    static Senders open(Path file) throws IOException {
        Senders senders = new Senders(file);
        if (Files.exists(file)) {
            List<String> lines = Files.readAllLines(file, US_ASCII);
            if (lines.isEmpty() || !lines.getFirst().equals(FIRST_LINE)) {
                throw new IOException(file + " does not begin with '" + FIRST_LINE + "'");
            }
            for (String line : lines.subList(1, lines.size())) {
                int space = line.indexOf(' ');
                try {
                    senders.epochs.put(new NodeId(line.substring(0, space)), Long.parseLong(line.substring(space + 1)));
                } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
                    throw new IOException(file + " has a line that is no sender: " + line, e);
                }
            }
        }
        return senders;
    }

    /// The highest epoch known of the sender; 0 where none is.
    long epochOf(NodeId sender) {
        return epochs.getOrDefault(sender, 0L);
    }

    /// Notes higher epochs; they are on the disk when this returns.
    void raise(Map<NodeId, Long> higher) throws IOException {
        Map<NodeId, Long> all = new TreeMap<>(epochs);
        higher.forEach((sender, epoch) -> all.merge(sender, epoch, Math::max));
        StringBuilder text = new StringBuilder(FIRST_LINE).append('\n');
        all.forEach((sender, epoch) -> text.append(sender).append(' ').append(epoch).append('\n'));
        Path draft = file.resolveSibling(file.getFileName() + ".tmp");
        try (FileChannel channel = FileChannel.open(
                draft, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING)) {
            ByteBuffer bytes = ByteBuffer.wrap(text.toString().getBytes(US_ASCII));
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            channel.force(true);
        }
        ForcedFiles.rename(draft, file);
        epochs.putAll(all);
    }
}
