package io.openwit.columnar;

/// What a row has from its resource and scope: the same for row after row, and so written once and then repeated.
public final class EnvelopeColumns {
    public final MapColumn resource;
    public final DictColumn resourceTypes;
    public final IntColumn resourceDropped;
    public final MapColumn scope;
    public final DictColumn scopeTypes;
    public final IntColumn scopeDropped;
    public final DictColumn scopeName;
    public final DictColumn scopeVersion;
    public final DictColumn resourceSchemaUrl;
    public final DictColumn scopeSchemaUrl;
    public final DictColumn resourceEntityRefs;

    /// It stands apart from the others in the schema, before what a row is about.
    public final DictColumn serviceName;

    private final RepeatedColumns all;

    EnvelopeColumns(Columns columns, DictColumn serviceName) {
        this.serviceName = serviceName;
        resource = columns.add("resource", columns.map());
        resourceTypes = columns.add("resource_types", columns.dict());
        resourceDropped = columns.add("resource_dropped", new IntColumn(false));
        scope = columns.add("scope", columns.map());
        scopeTypes = columns.add("scope_types", columns.dict());
        scopeDropped = columns.add("scope_dropped", new IntColumn(false));
        scopeName = columns.add("scope_name", columns.dict());
        scopeVersion = columns.add("scope_version", columns.dict());
        resourceSchemaUrl = columns.add("resource_schema_url", columns.dict());
        scopeSchemaUrl = columns.add("scope_schema_url", columns.dict());
        resourceEntityRefs = columns.add("resource_entity_refs", columns.dict());
        all = columns.repeated(
                serviceName,
                resource,
                resourceTypes,
                resourceDropped,
                scope,
                scopeTypes,
                scopeDropped,
                scopeName,
                scopeVersion,
                resourceSchemaUrl,
                scopeSchemaUrl,
                resourceEntityRefs);
    }

    /// Gives the next row what the row before it has.
    public void repeat() {
        all.repeat();
    }

    /// The next row gets resource and scope of its own: append to every column.
    public void begin() {
        all.settle();
    }
}
