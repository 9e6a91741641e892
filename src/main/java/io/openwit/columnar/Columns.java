package io.openwit.columnar;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.openwit.model.Batch;
import io.openwit.model.BatchHeader;
import io.openwit.model.BatchHeader.SourceRange;
import io.openwit.model.Signal;
import io.openwit.model.TenantId;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.arrow.vector.types.pojo.Field;
import org.jspecify.annotations.Nullable;

/// One open batch of one signal and tenant: rows in columns, and the parts of requests that they came in.
///
/// A reader opens a part, appends one value to every column for each row and closes the row with [#endRow]; the part is
/// then kept by [#endPart] or taken back by [#abandonPart]. Reused: [#reset] before each batch. One worker owns it.
public abstract sealed class Columns permits LogColumns, PointColumns, SpanColumns {
    /// What a row takes beside its own bytes, in the measure of [#partBytes]: offsets, ids, fingerprint.
    public static final int ROW_BYTES = 128;

    /// What an entry of a map takes: a key's and a value's number.
    public static final int ENTRY_BYTES = 8;

    private final Signal signal;
    private final RowJournal journal = new RowJournal();
    final List<StructColumn.Named> columns = new ArrayList<>();
    private final List<Dictionary> dictionaries = new ArrayList<>();
    private final RowFingerprints fingerprints = new RowFingerprints();
    private final RowOrdinals ordinals = new RowOrdinals();
    private final PartFingerprint partFingerprint = new PartFingerprint();
    private final DictColumn tenants;
    private final List<RepeatedColumns> repeated = new ArrayList<>();

    private @Nullable TenantId tenant;
    private byte[] tenantBytes = {};
    private long sourceBytes;
    private long minTime;
    private long maxTime;

    private long[] partHigh = new long[16];
    private long[] partLow = new long[16];
    private int[] partRows = new int[16];
    private boolean[] partMatches = new boolean[16];
    private int parts;

    private boolean partOpen;
    private boolean partNamed;
    private long partNameHigh;
    private long partNameLow;
    private int partFirstRow;
    private long partWeight;
    private long partSourceBytes;
    private long partMinTime;
    private long partMaxTime;

    Columns(Signal signal) {
        this.signal = signal;
        tenants = add("tenant", dict());
    }

    public static Columns of(Signal signal) {
        Columns columns =
                switch (signal) {
                    case LOGS -> new LogColumns();
                    case TRACES -> new SpanColumns();
                    case METRICS -> new PointColumns();
                };
        columns.reset(TenantId.DEFAULT);
        return columns;
    }

    final <C extends Column> C add(String name, C column) {
        return add(name, true, column);
    }

    final <C extends Column> C addRequired(String name, C column) {
        return add(name, false, column);
    }

    private <C extends Column> C add(String name, boolean nullable, C column) {
        columns.add(new StructColumn.Named(name, nullable, column));
        column.dictionaries(dictionaries);
        return column;
    }

    /// Columns that a reader may repeat from row to row.
    final RepeatedColumns repeated(Column... columns) {
        RepeatedColumns together = new RepeatedColumns(columns);
        repeated.add(together);
        return together;
    }

    final DictColumn dict() {
        return new DictColumn(journal);
    }

    final Utf8Column utf8() {
        return new Utf8Column(journal);
    }

    final MapColumn map() {
        return new MapColumn(journal);
    }

    /// Resource and scope of each row.
    public abstract EnvelopeColumns envelope();

    public final Signal signal() {
        return signal;
    }

    /// Begins a new batch; all rows and parts are forgotten, all memory is kept.
    public final void reset(TenantId tenant) {
        this.tenant = tenant;
        byte[] name = tenant.value().getBytes(US_ASCII);
        tenantBytes = Arrays.copyOf(name, name.length + Bytes.SLACK);
        columns.forEach(named -> named.column().reset());
        dictionaries.forEach(Dictionary::reset);
        repeated.forEach(RepeatedColumns::reset);
        fingerprints.truncate(0);
        journal.reset();
        sourceBytes = 0;
        minTime = Long.MAX_VALUE;
        maxTime = Long.MIN_VALUE;
        parts = 0;
        partOpen = false;
    }

    /// Whose rows these are.
    public final TenantId tenant() {
        if (tenant == null) {
            throw new IllegalStateException("columns before their first reset");
        }
        return tenant;
    }

    /// The name of [#tenant] with [Bytes#SLACK] behind it.
    public final byte[] tenantBytes() {
        return tenantBytes;
    }

    public final int rows() {
        return fingerprints.count();
    }

    /// OTLP bytes of the rows so far.
    public final long sourceBytes() {
        return sourceBytes;
    }

    /// What the open part's rows weigh: their OTLP bytes, and what each takes beside. It depends on the part's content alone.
    public final long partBytes() {
        return partWeight;
    }

    /// Texts mended since [#reset], also in rows that were taken back.
    public final long mendedTexts() {
        return journal.mendedTexts();
    }

    /// Opens the part that the following rows belong to.
    ///
    /// @param nameHigh with `nameLow`, a hash of the name that the client gave its request; 0 without
    /// @param named whether the client named it: then the part matches also without a datable row
    public final void beginPart(long nameHigh, long nameLow, boolean named) {
        checkState(!partOpen, "a part is open already");
        partOpen = true;
        partNamed = named;
        partNameHigh = nameHigh;
        partNameLow = nameLow;
        partFirstRow = rows();
        partWeight = 0;
        partSourceBytes = sourceBytes;
        partMinTime = minTime;
        partMaxTime = maxTime;
        dictionaries.forEach(Dictionary::mark);
    }

    /// Closes a row: each column has one value more.
    ///
    /// @param high with `low`, the fingerprint of the row's content; equal rows of a part are told apart in [#endPart]
    /// @param datable whether the row matches by itself
    /// @param time nanoseconds since 1970; 0 where the row has none
    /// @param bytes OTLP bytes of the row
    /// @param entries entries of the row's resource and scope, which are stored with each row
    public final void endRow(long high, long low, boolean datable, long time, int bytes, int entries) {
        fingerprints.add(high, low, datable);
        journal.keep();
        sourceBytes += bytes;
        partWeight += bytes + ROW_BYTES + (long) entries * ENTRY_BYTES;
        if (time != 0) {
            minTime = Math.min(minTime, time);
            maxTime = Math.max(maxTime, time);
        }
    }

    /// Takes back what was appended since the last [#endRow].
    public final void abandonRow() {
        settleRepeated();
        int rows = rows();
        for (StructColumn.Named named : columns) {
            if (named.column() != tenants) {
                named.column().truncate(rows);
            }
        }
        journal.takeBack();
    }

    /// Keeps the open part, of which this is all: equal rows get their ordinals, and the part its fingerprint. A part
    /// without rows leaves none.
    public final void endPart() {
        ordinals.open(rows() - partFirstRow);
        endPart(ordinals);
        ordinals.close();
    }

    /// Keeps the open part, of which others may hold further pieces.
    ///
    /// @param ordinals opened for all rows of all pieces, and given to the pieces in their order
    public final void endPart(RowOrdinals ordinals) {
        checkState(partOpen, "no part is open");
        partOpen = false;
        settle();
        int rows = rows() - partFirstRow;
        if (rows == 0) {
            return;
        }
        for (StructColumn.Named named : columns) {
            int values = named.column().count;
            if (values != rows()) {
                throw new IllegalStateException(
                        "column " + named.name() + " has " + values + " values, there are " + rows() + " rows");
            }
        }
        fingerprints.tellApart(partFirstRow, ordinals);
        partFingerprint.compute(fingerprints, partFirstRow, partNameHigh, partNameLow);
        if (parts == partRows.length) {
            partHigh = Arrays.copyOf(partHigh, parts * 2);
            partLow = Arrays.copyOf(partLow, parts * 2);
            partRows = Arrays.copyOf(partRows, parts * 2);
            partMatches = Arrays.copyOf(partMatches, parts * 2);
        }
        partHigh[parts] = partFingerprint.high();
        partLow[parts] = partFingerprint.low();
        partRows[parts] = rows;
        partMatches[parts] = partNamed || fingerprints.anyDatable(partFirstRow);
        parts++;
    }

    /// Writes what the open part's rows are owed: the tenant, and repeats.
    private void settle() {
        int missing = rows() - tenants.count;
        if (missing > 0) {
            tenants.append(tenantBytes, 0, tenantBytes.length - Bytes.SLACK);
            tenants.repeatLast(missing - 1);
            // It belongs to rows that stay: a later row that is taken back must not take the tenant's name along.
            journal.keep();
        }
        settleRepeated();
    }

    private void settleRepeated() {
        for (int i = 0; i < repeated.size(); i++) {
            repeated.get(i).settle();
        }
    }

    /// Takes the open part back, as if its rows had never been; does nothing where none is open.
    public final void abandonPart() {
        if (!partOpen) {
            return;
        }
        settle();
        journal.keep();
        partOpen = false;
        fingerprints.truncate(partFirstRow);
        for (StructColumn.Named named : columns) {
            named.column().truncate(partFirstRow);
        }
        dictionaries.forEach(Dictionary::backToMark);
        sourceBytes = partSourceBytes;
        minTime = partMinTime;
        maxTime = partMaxTime;
    }

    /// Seals the rows; [#reset] before the columns are used again.
    public final Batch seal(Sealer sealer) {
        return seal(sealer, List.of());
    }

    /// Seals the rows, which came from logs of records.
    ///
    /// @throws IllegalStateException a part is open, or there is no row
    public final Batch seal(Sealer sealer, List<SourceRange> sources) {
        checkState(!partOpen, "a part is open");
        int rows = rows();
        checkState(rows > 0, "there is no row to seal");
        BatchHeader.Writer header = new BatchHeader.Writer(signal, tenant(), rows, parts, sources)
                .sourceBytes(sourceBytes)
                .times(minTime, maxTime);
        for (int row = 0; row < rows; row++) {
            header.row(fingerprints.high(row), fingerprints.low(row), fingerprints.datable(row));
        }
        for (int part = 0; part < parts; part++) {
            header.part(partHigh[part], partLow[part], partRows[part], partMatches[part]);
        }
        sealer.begin();
        for (int id = 0; id < dictionaries.size(); id++) {
            dictionaries.get(id).layOut(sealer);
            sealer.endDictionary(id, dictionaries.get(id).size());
        }
        for (StructColumn.Named named : columns) {
            named.column().layOut(sealer);
        }
        sealer.endRecord(rows);
        return new Batch(header.finish(), sealer.finish());
    }

    int dictionaryCount() {
        return dictionaries.size();
    }

    /// The schema's fields; the ids of their dictionaries are their places in the order of the schema.
    final List<Field> fields() {
        Column.DictionaryIds ids = new Column.DictionaryIds();
        List<Field> fields = new ArrayList<>();
        for (StructColumn.Named named : columns) {
            fields.add(named.column().field(named.name(), named.nullable(), ids));
        }
        return fields;
    }

    private static void checkState(boolean holds, String message) {
        if (!holds) {
            throw new IllegalStateException(message);
        }
    }
}
