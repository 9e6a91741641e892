package io.openwit.load;

import static io.openwit.load.Vocabulary.utf8;

/// Writes log records, fields from last to first. Not thread-safe.
final class LogRows {
    private static final int RECORD = 2;
    private static final int TIME = 1;
    private static final int SEVERITY_NUMBER = 2;
    private static final int SEVERITY_TEXT = 3;
    private static final int BODY = 5;
    private static final int ATTRIBUTES = 6;
    private static final int FLAGS = 8;
    private static final int TRACE_ID = 9;
    private static final int SPAN_ID = 10;
    private static final int OBSERVED_TIME = 11;
    private static final int DEBUG = 5;
    private static final int INFO = 9;
    private static final int WARN = 13;
    private static final int ERROR = 17;
    private static final byte[] DEBUG_TEXT = utf8("DEBUG");
    private static final byte[] INFO_TEXT = utf8("INFO");
    private static final byte[] WARN_TEXT = utf8("WARN");
    private static final byte[] ERROR_TEXT = utf8("ERROR");

    private final byte[] run;
    private final OtlpGenerator.Timeline timeline;
    private final RowRandom random;

    LogRows(byte[] run, OtlpGenerator.Timeline timeline, RowRandom random) {
        this.run = run;
        this.timeline = timeline;
        this.random = random;
    }

    void write(WireWriter out, long row) {
        random.row(row);
        int mark = out.mark();
        long time = timeline.of(row, random);
        out.fixed64(OBSERVED_TIME, time + 200_000 + random.below(1_000_000));
        if (random.below(4) != 0) {
            out.id8(SPAN_ID, random.next() | 1);
            out.id16(TRACE_ID, random.next() | 1, random.next());
            out.fixed32(FLAGS, 1);
        }
        writeAttributes(out, row);
        writeBody(out);
        writeSeverity(out);
        out.fixed64(TIME, time);
        out.nested(RECORD, mark);
    }

    private void writeAttributes(WireWriter out, long row) {
        KeyValues.integer(out, ATTRIBUTES, Vocabulary.LOAD_SEQ, row);
        out.string(ATTRIBUTES, run);
        KeyValues.real(out, ATTRIBUTES, Vocabulary.DURATION, random.skewedBelow(2_000_000) / 1_000.0);
        int user = out.mark();
        out.hex(RowRandom.mix(random.below(1_000_000)));
        KeyValues.text(out, ATTRIBUTES, Vocabulary.USER_ID, user);
        int address = out.mark();
        Vocabulary.writeAddress(out, random);
        KeyValues.text(out, ATTRIBUTES, Vocabulary.CLIENT_ADDRESS, address);
        out.string(ATTRIBUTES, Vocabulary.STATUS_CODE[random.skewedBelow(Vocabulary.STATUS_CODE.length)]);
        out.string(ATTRIBUTES, Vocabulary.ROUTE[random.skewedBelow(Vocabulary.ROUTE.length)]);
        out.string(ATTRIBUTES, Vocabulary.METHOD[random.below(Vocabulary.METHOD.length)]);
    }

    private void writeBody(WireWriter out) {
        int mark = out.mark();
        out.raw(Vocabulary.ENDING[random.below(Vocabulary.ENDING.length)]);
        out.decimal(random.skewedBelow(1_000_000));
        out.raw(Vocabulary.MIDDLE[random.below(Vocabulary.MIDDLE.length)]);
        out.hex(random.next());
        out.raw(Vocabulary.OPENING[random.below(Vocabulary.OPENING.length)]);
        out.nested(1, mark);
        out.nested(BODY, mark);
    }

    private void writeSeverity(WireWriter out) {
        int drawn = random.below(32);
        int severity = drawn < 24 ? INFO : drawn < 27 ? DEBUG : drawn < 31 ? WARN : ERROR;
        out.string(SEVERITY_TEXT, severity == INFO ? INFO_TEXT
                : severity == DEBUG ? DEBUG_TEXT : severity == WARN ? WARN_TEXT : ERROR_TEXT);
        out.number(SEVERITY_NUMBER, severity);
    }
}
