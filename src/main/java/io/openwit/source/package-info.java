/// What the doors have in common: how a body is decompressed. The doors themselves are in the packages below.
@NullMarked
package io.openwit.source;

import org.jspecify.annotations.NullMarked;
