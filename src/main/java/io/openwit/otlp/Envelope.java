package io.openwit.otlp;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.openwit.columnar.Bytes;
import io.openwit.columnar.Columns;
import io.openwit.columnar.EnvelopeColumns;
import io.openwit.columnar.Fingerprint;
import io.openwit.columnar.IntColumn;
import io.openwit.model.Signal;

/// Resource and scope of the rows at hand: read once, fingerprinted once, stored with the first row in some columns and
/// repeated with the others. Not thread-safe.
///
/// The fingerprint of a row goes on from that of its scope, and this from that of its resource, to which the tenant is
/// added when the columns are known: so rows can be routed by what their resource is, whoever's it is.
final class Envelope {
    private static final byte[] SERVICE_NAME = "service.name".getBytes(US_ASCII);

    private static final int RESOURCE_TAG = 1;
    private static final int RESOURCE_URL_TAG = 2;
    private static final int ENTITIES_TAG = 3;
    private static final int TENANT_TAG = 4;
    private static final int SCOPE_TAG = 5;
    private static final int SCOPE_URL_TAG = 6;
    private static final int NAME_TAG = 7;
    private static final int VERSION_TAG = 8;

    private final RowState row;
    private final Wire wire;
    private final Fingerprint fingerprint;
    private final Attributes resourceAttributes;
    private final Attributes scopeAttributes;
    private final Bytes entities = new Bytes(256);

    private boolean hasResource;
    private int resourceDropped;
    private long resourceUrl;
    private int resourceMends;
    private long resourceHash;
    private long resourceHigh;
    private long resourceLow;

    private boolean hasScope;
    private long name;
    private long version;
    private int scopeDropped;
    private long scopeUrl;
    private int scopeMends;
    private long scopeHigh;
    private long scopeLow;

    /// Of the last [#store]: what it mended, and how many entries each row repeats.
    private int mends;

    private int entries;

    Envelope(RowState row) {
        this.row = row;
        wire = row.wire;
        fingerprint = row.fingerprint;
        resourceAttributes = new Attributes(row);
        scopeAttributes = new Attributes(row);
    }

    /// Reads the resource of a ResourceLogs, ResourceSpans or ResourceMetrics.
    ///
    /// @param resource the Resource, or 0 where there is none
    void readResource(Signal signal, long resource, long url) throws MalformedRequestException {
        row.beginRow();
        hasResource = resource != 0;
        resourceUrl = url;
        resourceDropped = 0;
        resourceAttributes.clear();
        entities.truncate(0);
        int end = Slice.end(resource);
        int p = Slice.at(resource);
        while (p < end) {
            long head = wire.head(p, end);
            p = Wire.behind(head);
            switch (Wire.tag(head)) {
                case 10 -> {
                    long entry = wire.slice(p, end);
                    p = Slice.end(entry);
                    resourceAttributes.add(entry);
                }
                case 16 -> {
                    resourceDropped = (int) wire.varint(p, end);
                    p = wire.next;
                }
                case 26 -> {
                    long entity = wire.slice(p, end);
                    p = Slice.end(entity);
                    entities.put((byte) (entities.size() == 0 ? '[' : ','));
                    readEntity(Slice.at(entity), p);
                }
                default -> p = wire.skip(head, end);
            }
        }
        if (entities.size() > 0) {
            entities.put((byte) ']');
        }
        fingerprint.reset();
        fingerprint.add(signal.code(), (long) RESOURCE_TAG << 32 | (hasResource ? 1 : 0));
        resourceAttributes.addTo(fingerprint, RESOURCE_TAG);
        fingerprint.add(resourceDropped, 0);
        fingerprint.add(ENTITIES_TAG, entities.array(), 0, entities.size());
        row.add(RESOURCE_URL_TAG, url);
        resourceHash = fingerprint.high();
        resourceHigh = fingerprint.stateHigh();
        resourceLow = fingerprint.stateLow();
        resourceMends = row.mends();
    }

    /// Writes an EntityRef as OTLP's JSON; members that are empty are left out.
    private void readEntity(int from, int end) throws MalformedRequestException {
        entities.put((byte) '{');
        boolean first = true;
        first = entityText(10, "\"schemaUrl\":", from, end, first);
        first = entityText(18, "\"type\":", from, end, first);
        first = entityKeys(26, "\"idKeys\":[", from, end, first);
        entityKeys(34, "\"descriptionKeys\":[", from, end, first);
        entities.put((byte) '}');
    }

    private boolean entityText(int member, String name, int from, int end, boolean first)
            throws MalformedRequestException {
        long text = 0;
        int p = from;
        while (p < end) {
            long head = wire.head(p, end);
            p = Wire.behind(head);
            if (Wire.tag(head) == member) {
                text = wire.slice(p, end);
                p = Slice.end(text);
            } else {
                p = wire.skip(head, end);
            }
        }
        if (Slice.length(text) == 0) {
            return first;
        }
        entityName(name, first);
        row.values.quoted(text, entities);
        return false;
    }

    private boolean entityKeys(int member, String name, int from, int end, boolean first)
            throws MalformedRequestException {
        boolean none = true;
        int p = from;
        while (p < end) {
            long head = wire.head(p, end);
            p = Wire.behind(head);
            if (Wire.tag(head) == member) {
                long key = wire.slice(p, end);
                p = Slice.end(key);
                if (none) {
                    entityName(name, first);
                } else {
                    entities.put((byte) ',');
                }
                none = false;
                row.values.quoted(key, entities);
            } else {
                p = wire.skip(head, end);
            }
        }
        if (!none) {
            entities.put((byte) ']');
        }
        return first && none;
    }

    private void entityName(String name, boolean first) {
        byte[] ascii = name.getBytes(US_ASCII);
        if (!first) {
            entities.put((byte) ',');
        }
        entities.put(ascii, 0, ascii.length);
    }

    /// Of the resource's content, without the tenant.
    long resourceHash() {
        return resourceHash;
    }

    /// Reads the scope of a ScopeLogs, ScopeSpans or ScopeMetrics, for a tenant's rows.
    ///
    /// @param scope the InstrumentationScope, or 0 where there is none
    void readScope(Columns columns, long scope, long url) throws MalformedRequestException {
        row.beginRow();
        hasScope = scope != 0;
        scopeUrl = url;
        scopeDropped = 0;
        name = 0;
        version = 0;
        scopeAttributes.clear();
        int end = Slice.end(scope);
        int p = Slice.at(scope);
        while (p < end) {
            long head = wire.head(p, end);
            p = Wire.behind(head);
            switch (Wire.tag(head)) {
                case 10 -> {
                    name = wire.slice(p, end);
                    p = Slice.end(name);
                }
                case 18 -> {
                    version = wire.slice(p, end);
                    p = Slice.end(version);
                }
                case 26 -> {
                    long entry = wire.slice(p, end);
                    p = Slice.end(entry);
                    scopeAttributes.add(entry);
                }
                case 32 -> {
                    scopeDropped = (int) wire.varint(p, end);
                    p = wire.next;
                }
                default -> p = wire.skip(head, end);
            }
        }
        fingerprint.resume(resourceHigh, resourceLow);
        byte[] tenant = columns.tenantBytes();
        fingerprint.add(TENANT_TAG, tenant, 0, tenant.length - Bytes.SLACK);
        fingerprint.add((long) SCOPE_TAG << 32 | (hasScope ? 1 : 0), scopeDropped);
        row.add(NAME_TAG, name);
        row.add(VERSION_TAG, version);
        scopeAttributes.addTo(fingerprint, SCOPE_TAG);
        row.add(SCOPE_URL_TAG, url);
        scopeHigh = fingerprint.stateHigh();
        scopeLow = fingerprint.stateLow();
        scopeMends = row.mends();
    }

    /// Sets the fingerprint to where a row of this scope begins.
    void resumeFingerprint() {
        fingerprint.resume(scopeHigh, scopeLow);
    }

    /// Stores resource and scope with the open row, of which nothing else has been read yet.
    void store(Columns columns) {
        EnvelopeColumns out = columns.envelope();
        out.begin();
        long mendedBefore = columns.mendedTexts();
        row.append(out.serviceName, resourceAttributes.findText(SERVICE_NAME));
        resourceAttributes.store(out.resource, out.resourceTypes);
        dropped(out.resourceDropped, hasResource, resourceDropped, resourceAttributes);
        row.append(out.resourceSchemaUrl, resourceUrl);
        out.resourceEntityRefs.appendOrNull(entities.array(), 0, entities.size());
        row.append(out.scopeName, name);
        row.append(out.scopeVersion, version);
        scopeAttributes.store(out.scope, out.scopeTypes);
        dropped(out.scopeDropped, hasScope, scopeDropped, scopeAttributes);
        row.append(out.scopeSchemaUrl, scopeUrl);
        row.mend(resourceMends | scopeMends);
        if (columns.mendedTexts() != mendedBefore) {
            row.mend(MendReason.UTF8);
        }
        mends = row.mends();
        entries = resourceAttributes.stored() + scopeAttributes.stored();
    }

    /// Stores with the open row what the row before it has.
    void repeat(Columns columns) {
        columns.envelope().repeat();
        row.mend(mends);
    }

    /// Entries of resource and scope, which are stored with each row.
    int entries() {
        return entries;
    }

    /// Null where there was no message at all.
    private static void dropped(IntColumn column, boolean there, int received, Attributes attributes) {
        if (there) {
            column.append(received + attributes.dropped());
        } else {
            column.appendNull();
        }
    }
}
