/// Column builders, schemas, sealing and opening of batches, the LZ4 codec: the only knowledge of Arrow's layout.
@NullMarked
package io.openwit.columnar;

import org.jspecify.annotations.NullMarked;
