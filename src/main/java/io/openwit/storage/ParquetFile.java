package io.openwit.storage;

import io.openwit.model.Signal;
import io.openwit.model.TenantId;
import java.nio.file.Path;

/// A finished Parquet file, `parquet/tenant=T/signal=S/day=YYYY-MM-DD/NNNN.parquet`: rows of one landing file.
record ParquetFile(Path path, TenantId tenant, Signal signal) {}
