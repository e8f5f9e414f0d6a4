/*
 * support_people.c - the town of the domain's tests, for the tests of this room.
 */
#include "../domain/support_people.c"
