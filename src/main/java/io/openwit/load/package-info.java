/// OTLP load with unique rows, and an honest account of which of them were acknowledged.
@NullMarked
package io.openwit.load;

import org.jspecify.annotations.NullMarked;
