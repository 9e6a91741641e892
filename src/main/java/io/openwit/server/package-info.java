/// Configuration, command line, wiring, start and stop order. Nobody depends on it.
@NullMarked
package io.openwit.server;

import org.jspecify.annotations.NullMarked;
