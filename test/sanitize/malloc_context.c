/*
 * malloc_context: in place of the backend's aset.o: every palloc() is a malloc() of its own.
 *
 * PostgreSQL cuts its chunks out of large blocks, where AddressSanitizer sees neither a read behind
 * the end of one nor one of what has been freed. Linked instead of utils/mmgr/aset.o, this serves
 * palloc(), pstrdup(), StringInfo and lists, whoever calls them. The header before a chunk is
 * poisoned: a read before its start is seen, too. (This file is compiled without AddressSanitizer,
 * as mcxt.o is, and may read it.)
 */
#include "postgres.h"

#include "utils/memutils.h"
#if PG_VERSION_NUM >= 160000
#include "utils/memutils_internal.h"
#endif

void __asan_poison_memory_region(void const volatile *start, size_t size);
void __asan_unpoison_memory_region(void const volatile *start, size_t size);

typedef struct Chunk
{
	struct Chunk *previous;
	struct Chunk *next;
	Size size;
	Size unused; /* for the alignment of what follows */
	MemoryContext owner;
	/* Right before the chunk is where mcxt.c looks: up to 15 for the context, from 16 on for whose
	 * functions to call. */
#if PG_VERSION_NUM >= 160000
	uint64 method;
#else
	MemoryContext owner_again;
#endif
} Chunk;

typedef struct MallocContext
{
	MemoryContextData header;
	Chunk chunks; /* head of a ring */
} MallocContext;

static Chunk *ChunkOf(void *pointer)
{
	return (Chunk *) pointer - 1;
}

static void Link(MemoryContext context, Chunk *chunk, Size size)
{
	Chunk *head = &((MallocContext *) context)->chunks;

	chunk->size = size;
	chunk->owner = context;
#if PG_VERSION_NUM >= 160000
	chunk->method = MCTX_ASET_ID;
#else
	chunk->owner_again = context;
#endif
	chunk->previous = head;
	chunk->next = head->next;
	head->next->previous = chunk;
	head->next = chunk;
	__asan_poison_memory_region(chunk, sizeof(Chunk));
}

static void *Alloc(MemoryContext context, Size size)
{
	Chunk *chunk = malloc(sizeof(Chunk) + size);

	if (chunk == NULL)
		abort();
	Link(context, chunk, size);
	return chunk + 1;
}

static void Free(void *pointer)
{
	Chunk *chunk = ChunkOf(pointer);

	chunk->previous->next = chunk->next;
	chunk->next->previous = chunk->previous;
	__asan_unpoison_memory_region(chunk, sizeof(Chunk));
	free(chunk);
}

/* Always moves, so that a pointer that was kept across a repalloc() is found out. */
static void *Realloc(void *pointer, Size size)
{
	Chunk *chunk = ChunkOf(pointer);
	void *moved = Alloc(chunk->owner, size);

	memcpy(moved, pointer, Min(size, chunk->size));
	Free(pointer);
	return moved;
}

static void Reset(MemoryContext context)
{
	Chunk *head = &((MallocContext *) context)->chunks;

	while (head->next != head)
		Free(head->next + 1);
}

static void Delete(MemoryContext context)
{
	Reset(context);
	free(context);
}

static bool IsEmpty(MemoryContext context)
{
	Chunk *head = &((MallocContext *) context)->chunks;

	return head->next == head;
}

#if PG_VERSION_NUM >= 160000

#if PG_VERSION_NUM >= 170000
void *AllocSetAlloc(MemoryContext context, Size size, int flags)
{
	return Alloc(context, size);
}

void *AllocSetRealloc(void *pointer, Size size, int flags)
{
	return Realloc(pointer, size);
}
#else
void *AllocSetAlloc(MemoryContext context, Size size)
{
	return Alloc(context, size);
}

void *AllocSetRealloc(void *pointer, Size size)
{
	return Realloc(pointer, size);
}
#endif

void AllocSetFree(void *pointer)
{
	Free(pointer);
}

void AllocSetReset(MemoryContext context)
{
	Reset(context);
}

void AllocSetDelete(MemoryContext context)
{
	Delete(context);
}

MemoryContext AllocSetGetChunkContext(void *pointer)
{
	return ChunkOf(pointer)->owner;
}

Size AllocSetGetChunkSpace(void *pointer)
{
	return ChunkOf(pointer)->size;
}

bool AllocSetIsEmpty(MemoryContext context)
{
	return IsEmpty(context);
}

void AllocSetStats(MemoryContext context, MemoryStatsPrintFunc print, void *passthru,
				   MemoryContextCounters *totals, bool print_to_stderr)
{
}

void AllocSetCheck(MemoryContext context)
{
}

#define METHODS MCTX_ASET_ID

#else

static void FreeIn(MemoryContext context, void *pointer)
{
	Free(pointer);
}

static void *ReallocIn(MemoryContext context, void *pointer, Size size)
{
	return Realloc(pointer, size);
}

static Size GetChunkSpace(MemoryContext context, void *pointer)
{
	return ChunkOf(pointer)->size;
}

static void Stats(MemoryContext context, MemoryStatsPrintFunc print, void *passthru,
				  MemoryContextCounters *totals, bool print_to_stderr)
{
}

static void Check(MemoryContext context)
{
}

static const MemoryContextMethods methods = {Alloc,         FreeIn,  ReallocIn, Reset, Delete,
											 GetChunkSpace, IsEmpty, Stats,     Check};

#define METHODS &methods

#endif

MemoryContext AllocSetContextCreateInternal(MemoryContext parent, const char *name,
											Size minContextSize, Size initBlockSize,
											Size maxBlockSize)
{
	MallocContext *context = calloc(1, sizeof(MallocContext));

	if (context == NULL)
		abort();
	context->chunks.previous = context->chunks.next = &context->chunks;
	MemoryContextCreate(&context->header, T_AllocSetContext, METHODS, parent, name);
	return &context->header;
}
