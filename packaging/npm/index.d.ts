/**
 * The absolute path of spanpipe's program for this system. Start it as you would start `spanpipe`.
 *
 * Where its package is missing, loading this module throws an error whose code is `ERR_SPANPIPE_MISSING`.
 */
export declare const path: string
