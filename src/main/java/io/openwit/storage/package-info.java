/// The storage endpoint that ships with OpenWit: Arrow Flight in, Parquet out, SQL over it.
///
/// ```
///  DoPut ─► FlightService ─► BatchCheck ─► Lander ──force──► PutResult
///                                            │ landing/NNNN.land
///                                            ▼
///                              Converter ─► parquet/tenant=T/signal=S/day=D/NNNN.parquet
///                                            │
///              SqlQuery ─► views over Parquet and over what has landed since
/// ```
@NullMarked
package io.openwit.storage;

import org.jspecify.annotations.NullMarked;
