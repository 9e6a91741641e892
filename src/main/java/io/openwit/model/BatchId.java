package io.openwit.model;

/// The name that a batch has for ever: `n1-5e0f93aa-3-8192` is node, incarnation, epoch, sequence in that epoch.
///
/// It is drawn when the batch is appended, written in its frame, and never changes, also when the frame is copied.
/// As a node's name may hold `-`, the text is read from the right. Ids of one node are ordered by epoch, then sequence.
///
/// @param incarnation random, drawn at every start of the node, so that a directory restored from a backup does not
///     give an old id to new rows
/// @param epoch counts the starts of the node, from 1
/// @param sequence counts the batches of the epoch, from 1
public record BatchId(NodeId node, int incarnation, long epoch, long sequence) implements Comparable<BatchId> {
    public BatchId {
        if (epoch < 1) {
            throw new IllegalArgumentException("epoch is not positive: " + epoch);
        }
        if (sequence < 0) {
            throw new IllegalArgumentException("sequence is negative: " + sequence);
        }
    }

    /// @throws IllegalArgumentException the text is not a batch id
    public static BatchId parse(String text) {
        int sequenceDash = text.lastIndexOf('-');
        int epochDash = sequenceDash < 0 ? -1 : text.lastIndexOf('-', sequenceDash - 1);
        int incarnationDash = epochDash < 0 ? -1 : text.lastIndexOf('-', epochDash - 1);
        if (incarnationDash < 1 || epochDash - incarnationDash != 9) {
            throw notAnId(text);
        }
        try {
            return new BatchId(
                    new NodeId(text.substring(0, incarnationDash)),
                    Integer.parseUnsignedInt(text, incarnationDash + 1, epochDash, 16),
                    Long.parseLong(text, epochDash + 1, sequenceDash, 10),
                    Long.parseLong(text, sequenceDash + 1, text.length(), 10));
        } catch (IllegalArgumentException e) {
            throw notAnId(text);
        }
    }

    private static IllegalArgumentException notAnId(String text) {
        String shown = text.length() <= 80 ? text : text.substring(0, 80) + "…";
        return new IllegalArgumentException(
                "not a batch id (NODE-INCARNATION-EPOCH-SEQUENCE, e.g. n1-5e0f93aa-3-8192): " + shown);
    }

    @Override
    public int compareTo(BatchId other) {
        int byNode = node.compareTo(other.node);
        if (byNode != 0) {
            return byNode;
        }
        int byEpoch = Long.compare(epoch, other.epoch);
        if (byEpoch != 0) {
            return byEpoch;
        }
        int bySequence = Long.compare(sequence, other.sequence);
        return bySequence != 0 ? bySequence : Integer.compareUnsigned(incarnation, other.incarnation);
    }

    @Override
    public String toString() {
        return node + "-" + String.format("%08x", incarnation) + "-" + epoch + "-" + sequence;
    }
}
