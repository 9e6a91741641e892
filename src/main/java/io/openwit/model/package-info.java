/// The nouns that everyone shares, and the seam between the rooms: [io.openwit.model.BatchConsumer].
@NullMarked
package io.openwit.model;

import org.jspecify.annotations.NullMarked;
