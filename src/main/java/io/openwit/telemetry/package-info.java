/// Every counter, histogram, span and alarm that this system emits, with its unit.
@NullMarked
package io.openwit.telemetry;

import org.jspecify.annotations.NullMarked;
