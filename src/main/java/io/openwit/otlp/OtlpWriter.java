package io.openwit.otlp;

import io.openwit.columnar.OpenedColumn;
import io.openwit.columnar.SealedRows;
import io.openwit.model.MalformedBatchException;
import io.openwit.model.Signal;
import java.util.List;

/// Writes opened rows as an OTLP export request on the protobuf wire: the other end of [OtlpReader].
///
/// Neighbouring rows of equal resource, scope and metric share one message of each, in the order of the rows. What comes
/// out is what came in, but for what the reader mended and for what no column holds: the order of attributes, payload
/// bits of a NaN, whether an attribute without a value had an empty one. As JSON: [OtlpJsonWriter].
public final class OtlpWriter {
    private final int rowCount;
    private final RowWriter rows;
    private final FieldWriter out = new FieldWriter();
    private final AttributesWriter attributes;
    private final JsonTranscoder entities = new JsonTranscoder();
    private final OpenedColumn resource;
    private final OpenedColumn resourceTypes;
    private final OpenedColumn resourceDropped;
    private final OpenedColumn resourceEntityRefs;
    private final OpenedColumn resourceSchemaUrl;
    private final OpenedColumn scopeName;
    private final OpenedColumn scopeVersion;
    private final OpenedColumn scope;
    private final OpenedColumn scopeTypes;
    private final OpenedColumn scopeDropped;
    private final OpenedColumn scopeSchemaUrl;
    private final List<OpenedColumn> ofResource;
    private final List<OpenedColumn> ofScope;

    /// @throws IllegalArgumentException a column of the signal's schema is missing
    public OtlpWriter(SealedRows opened) {
        rowCount = opened.rows();
        rows = rowWriter(opened.signal(), opened);
        attributes = new AttributesWriter(out, new ValueWriter(out));
        resource = opened.column("resource");
        resourceTypes = opened.column("resource_types");
        resourceDropped = opened.column("resource_dropped");
        resourceEntityRefs = opened.column("resource_entity_refs");
        resourceSchemaUrl = opened.column("resource_schema_url");
        scopeName = opened.column("scope_name");
        scopeVersion = opened.column("scope_version");
        scope = opened.column("scope");
        scopeTypes = opened.column("scope_types");
        scopeDropped = opened.column("scope_dropped");
        scopeSchemaUrl = opened.column("scope_schema_url");
        ofResource = List.of(resourceSchemaUrl, resourceDropped, resourceTypes, resourceEntityRefs, resource);
        ofScope = List.of(scopeName, scopeVersion, scopeSchemaUrl, scopeDropped, scopeTypes, scope);
    }

    private RowWriter rowWriter(Signal signal, SealedRows opened) {
        return switch (signal) {
            case LOGS -> new LogWriter(opened, out);
            case TRACES -> new SpanWriter(opened, out);
            case METRICS -> new PointWriter(opened, out);
        };
    }

    /// Appends all rows as one request to `target`.
    ///
    /// @throws MalformedBatchException as [#write(int, int, ByteSink)] says
    public void write(ByteSink target) throws MalformedBatchException {
        write(0, rowCount, target);
    }

    /// Appends the rows from `from` to before `end` as one request to `target`.
    ///
    /// @throws MalformedBatchException a value is not what its type says, or the request becomes more than `target` takes;
    ///     what that holds then has no meaning
    public void write(int from, int end, ByteSink target) throws MalformedBatchException {
        if (from < 0 || end < from || end > rowCount) {
            throw new IllegalArgumentException("no rows from " + from + " to " + end + " among " + rowCount);
        }
        out.open(target);
        try {
            int row = from;
            while (row < end) {
                int next = behindEqual(ofResource, row, end);
                int entry = out.openMessage(1);
                resource(row);
                scopes(row, next);
                out.text(3, resourceSchemaUrl, row);
                out.closeMessage(entry);
                row = next;
            }
        } catch (MalformedRequestException e) {
            throw new MalformedBatchException("rows cannot be written as OTLP: " + e.getMessage(), e);
        }
    }

    /// The first row behind `row` that differs from it in one of the columns, or `end`.
    private static int behindEqual(List<OpenedColumn> columns, int row, int end) {
        int next = row + 1;
        while (next < end) {
            for (OpenedColumn column : columns) {
                if (!column.same(next - 1, next)) {
                    return next;
                }
            }
            next++;
        }
        return next;
    }

    /// A dropped count of null says that there was no Resource at all.
    private void resource(int row) throws MalformedRequestException {
        if (resourceDropped.isNull(row)) {
            return;
        }
        int message = out.openMessage(1);
        attributes.write(1, resource, resourceTypes, row);
        out.varint(2, resourceDropped, row);
        if (!resourceEntityRefs.isNull(row)) {
            entities.entityRefs(
                    resourceEntityRefs.bytes(), resourceEntityRefs.from(row), resourceEntityRefs.length(row), out.out());
        }
        out.closeMessage(message);
    }

    private void scopes(int from, int end) throws MalformedRequestException {
        int row = from;
        while (row < end) {
            int next = behindEqual(ofScope, row, end);
            int entry = out.openMessage(2);
            scope(row);
            rows.write(row, next);
            out.text(3, scopeSchemaUrl, row);
            out.closeMessage(entry);
            row = next;
        }
    }

    /// A dropped count of null says that there was no InstrumentationScope at all.
    private void scope(int row) throws MalformedRequestException {
        if (scopeDropped.isNull(row)) {
            return;
        }
        int message = out.openMessage(1);
        out.text(1, scopeName, row);
        out.text(2, scopeVersion, row);
        attributes.write(3, scope, scopeTypes, row);
        out.varint(4, scopeDropped, row);
        out.closeMessage(message);
    }
}
