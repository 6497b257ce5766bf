/* The destruction protocol, for the model checker Spin. What it says and what it leaves out: README.md beside it.
 *
 * Each atomic block is one transaction, one call of the KMS, or one step on a file. Between any two a worker may be
 * killed; a refusal of the KMS or a full disk comes to the same: this purge ends, and a later one goes on. Nothing
 * keeps workers apart, so that what holds here also holds when a connection is lost, and the purge's turn with it.
 *
 * A control, -D and one of the names under "precautions", takes one of them away, and must be found out.
 */

#ifndef WORKERS
#define WORKERS 2
#endif
#ifndef JOBS
#define JOBS 2
#endif
#ifndef ROOTS
#define ROOTS 5          /* root keys that may be named; exploration ends where they run out */
#endif
#ifndef MANIFESTS
#define MANIFESTS 4      /* manifests that may be drawn up; likewise */
#endif
#ifndef KILLS
#define KILLS 1          /* for L1 alone; for the others there is no limit */
#endif
/* How often these may happen. */
#ifndef BACKUPS
#define BACKUPS 0        /* after the first */
#endif
#ifndef LOSSES
#define LOSSES 0         /* of the database */
#endif
#ifndef FOLDER_LOSSES
#define FOLDER_LOSSES 0  /* of the place of snapshots */
#endif
#ifndef HOLDS
#define HOLDS 0
#endif
#ifndef ARRIVALS
#define ARRIVALS 0       /* of a row whose key is on a new page */
#endif

/* Keys, and the rows sealed under them. Job 0 is the nightly one (standing approval), job 1 on request. */
#define VICTIM(j) (1 << (j))
#define STAYS 4
#define LATER 8

/* States of a job. */
#define NONE 0
#define APPLIED 1
#define APPROVED 2
#define KEYS_DESTROYED 3
#define ROWS_REMOVED 4
#define VERIFIED 5
#define CONFIRMED 6
#define BLOCKED 7
#define FAILED 8
#define UNDER_WAY(j) (db.job[j].state >= APPROVED && db.job[j].state <= VERIFIED)
#define SETTLED(j) (db.job[j].state == NONE || db.job[j].state >= CONFIRMED)

/* States of a root key in the KMS. */
#define ABSENT 0
#define LIVE 1
#define GONE 2
#define IMPOSTOR 3       /* created again under the name of one that is gone: it exists and opens nothing */
#define EXISTS(r) (kms[r] == LIVE || kms[r] == IMPOSTOR)

#define NOBODY 15
#define BIT(n) (1 << (n))

typedef Job {
  byte state;
  byte manifest;         /* the one that was applied for */
  byte root;             /* the new root, noted before it is created */
  byte old;              /* the root that it replaces */
  bit rotated
};

/* The keyring, and what is known of destructions: what a snapshot has too. */
typedef Ring {
  Job job[2];
  byte root;             /* in force: all pages are wrapped by it */
  byte keys;             /* in the pages, less those blanked */
  byte held;             /* keys whose rows a hold protects */
  byte approval          /* the manifest that a leader approved, for job 1 */
};

Ring db;
byte rows;               /* of the database */
bit up = 1;              /* the database stands */
bit suspended;           /* holds were lost with a database: nothing is destroyed until somebody has laid them again */

Ring folder[ROOTS];      /* the place of snapshots; each is named after the root that was in force */
byte there;              /* which snapshots there are */
bit folder_lost;         /* and no snapshot written since: a second loss is not promised to be survived */
byte backup;             /* the rows that the last backup has; the keyring goes apart */
byte journal;            /* manifests whose confirmation is in the ledger's copy outside the database */

byte kms[ROOTS];
byte next_root = 1, next_manifest = 1;
byte busy;               /* workers that are at something */
byte backups, losses, folder_losses, holds, arrivals, kills;

/* Known to nobody in the protocol, for judging only. */
byte copies[ROOTS];      /* keys that a root ever wrapped: dead rows, WAL and old files keep such pages for ever */
byte laid;               /* keys under a hold */
byte blanked;            /* keys that were blanked */
byte certified;          /* keys whose destruction was confirmed */
byte passed;             /* manifests whose verification passed */
byte said;               /* manifests that a leader approved */
bit wrong_confirmation, held_blanked, wrapped_by_gone;

byte i, best, wrapped;   /* for a moment; always cleared again, so that they make no states */

/* --- precautions ------------------------------------------------------------------------------------------------- */

#ifdef OTHER_JOBS_NOT_LOOKED_AT        /* no unique index over the jobs under way */
#define ALONE(j) 1
#else
#define ALONE(j) (!UNDER_WAY(1 - (j)))
#endif
#ifdef MANIFEST_NOT_COMPARED           /* an approval counts for whatever was applied for */
#define COVERED(j) ((j) == 0 || db.approval != 0)
#else
#define COVERED(j) ((j) == 0 || db.approval == db.job[j].manifest)
#endif
#ifdef NOT_RESUMED                     /* a purge looks for new work only */
#define RESUMES 0
#else
#define RESUMES 1
#endif
#ifdef JOB_NOT_LOOKED_AT_AGAIN         /* a worker trusts what it read of the job before it took the writers' lock */
#define MAY_NAME(j) (up && next_root < ROOTS && root == NOBODY)
#define MAY_ROTATE(j) (up && db.job[j].state >= APPROVED && WRAPS(root))
#else
#define MAY_NAME(j) (up && next_root < ROOTS && db.job[j].state == APPROVED && db.job[j].root == NOBODY)
#define MAY_ROTATE(j) (up && db.job[j].state == APPROVED && db.job[j].root == root && !db.job[j].rotated && WRAPS(root))
#endif
#ifdef ROOT_CREATED_AFTERWARDS         /* put in force before the KMS has made it durable */
#define WRAPS(r) 1
#else
#define WRAPS(r) EXISTS(r)             /* wrapping by a root that is not there fails, and the transaction with it */
#endif
#ifdef HOLDS_NOT_LOOKED_AT             /* after the application */
#define STANDS(j) ((rows & VICTIM(j)) != 0)
#else
#define STANDS(j) ((rows & VICTIM(j)) != 0 && (db.held & VICTIM(j)) == 0)
#endif
#ifdef LOST_HOLDS_FORGOTTEN            /* a restored database is trusted to know all holds */
#define SUSPENDED 0
#else
#define SUSPENDED suspended
#endif
#ifdef ONLY_THE_NOTED_ROOT_DESTROYED   /* and not every older one that the KMS has */
#define OLD(r) ((r) == old)
#else
#define OLD(r) ((r) < root || (r) == old)
#endif
#ifdef ALL_OTHER_SNAPSHOTS_REMOVED     /* and not the older ones alone */
#define OLDER(r) ((r) != root)
#else
#define OLDER(r) ((r) < root)
#endif
#ifdef KMS_NOT_ASKED                   /* a refused destruction of a root goes unnoticed */
#define ROOT_LEFT(r) 0
#define REFUSED_UNNOTICED :: atomic { r < ROOTS && OLD(r) && EXISTS(r) -> r++ }
#else
#define ROOT_LEFT(r) (OLD(r) && EXISTS(r))
#define REFUSED_UNNOTICED
#endif
#ifdef NOT_VERIFIED
#define AFTER_REMOVAL VERIFIED
#else
#define AFTER_REMOVAL ROWS_REMOVED
#endif
#ifdef LIVENESS
#define OR_DIE :: kills < KILLS -> kills++; goto died :: else -> goto died
#else
#define OR_DIE :: goto died
#endif

/* --- single steps ------------------------------------------------------------------------------------------------ */

inline copy_job(to, from) {
  to.state = from.state; to.manifest = from.manifest; to.root = from.root; to.old = from.old; to.rotated = from.rotated
}

inline copy_ring(to, from) {
  copy_job(to.job[0], from.job[0]);
  copy_job(to.job[1], from.job[1]);
  to.root = from.root; to.keys = from.keys; to.held = from.held; to.approval = from.approval
}

inline clear_job(it) { it.state = NONE; it.manifest = 0; it.root = NOBODY; it.old = NOBODY; it.rotated = 0 }

inline remove_snapshot(r) {
  there = there & ~BIT(r);
  clear_job(folder[r].job[0]); clear_job(folder[r].job[1]);
  folder[r].root = 0; folder[r].keys = 0; folder[r].held = 0; folder[r].approval = 0
}

inline find_newest_snapshot() {
  best = NOBODY;
  i = 0;
  do
  :: i < ROOTS && (there & BIT(i)) -> best = i; i++
  :: i < ROOTS && !(there & BIT(i)) -> i++
  :: i == ROOTS -> break
  od;
  i = 0
}

inline create_root(r) {
  kms[r] = (kms[r] == ABSENT -> LIVE : (kms[r] == GONE -> IMPOSTOR : kms[r]))
}

inline destroy_root(r) {
  /* Where nothing was wrapped by it, its name may be used again. */
  kms[r] = (kms[r] == ABSENT || (kms[r] == LIVE && copies[r] == 0) -> ABSENT : GONE);
  copies[r] = 0
}

/* What comes of a lost database: the rows of the backup, the newest snapshot, the journal. */
inline settle_from_journal(j) {
  if
  :: db.job[j].manifest != 0 && (journal & BIT(db.job[j].manifest)) -> db.job[j].state = CONFIRMED
  :: else
  fi
}

/* The backup may still have the rows of a destruction that the snapshot knows to be further. */
inline remove_again(j) {
  if
  :: db.job[j].state == ROWS_REMOVED || db.job[j].state == VERIFIED -> rows = rows & ~VICTIM(j)
  :: else
  fi
}

/* In the lost database a root may have been in force that was named later than this one, and it lives on. */
inline forget_named_root(j) {
  if
  :: db.job[j].state == APPROVED && !db.job[j].rotated -> db.job[j].root = NOBODY; db.job[j].old = NOBODY
  :: else
  fi
}

inline restore() {
  find_newest_snapshot();
  assert(best != NOBODY);
  copy_ring(db, folder[best]);
  best = 0;
  rows = backup;
#ifndef JOURNAL_NOT_REPLAYED
  rows = rows & ~certified;
  settle_from_journal(0);
  settle_from_journal(1);
#endif
#ifndef ROWS_OF_HALF_DONE_KEPT
  remove_again(0);
  remove_again(1);
#endif
#ifndef NAMED_ROOT_KEPT
  forget_named_root(0);
  forget_named_root(1);
#endif
  suspended = (db.held != laid);   /* the journal tells that there was a hold, not whose */
  up = 1
}

/* --- workers ----------------------------------------------------------------------------------------------------- */

#define MAY_APPLY(j) (up && (j) < JOBS && (db.job[j].state == NONE || db.job[j].state == BLOCKED) \
                      && next_manifest < MANIFESTS && (rows & VICTIM(j)) && !(db.held & VICTIM(j)))
#define MAY_APPROVE(j) (up && db.job[j].state == APPLIED && COVERED(j) && ALONE(j))
#define MAY_RESUME(j) (up && db.job[j].state == APPROVED && RESUMES)
#define MAY_REMOVE(j) (up && (db.job[j].state == KEYS_DESTROYED || (db.job[j].state == FAILED && ALONE(j))))

/* What a worker may find to do about a job. */
#define TAKES(n) \
  :: atomic { MAY_APPLY(n) -> apply(n) } \
  :: atomic { MAY_APPROVE(n) -> take(n); goto approve } \
  :: atomic { MAY_RESUME(n) && !db.job[n].rotated -> take(n); goto name } \
  :: atomic { MAY_RESUME(n) && db.job[n].rotated -> take(n); goto snapshot } \
  :: atomic { MAY_REMOVE(n) && db.job[n].state == KEYS_DESTROYED -> take(n); goto remove } \
  :: atomic { MAY_REMOVE(n) && db.job[n].state == FAILED -> take(n); goto destroy } \
  :: atomic { up && db.job[n].state == ROWS_REMOVED -> take(n); goto look } \
  :: atomic { up && db.job[n].state == VERIFIED -> take(n); goto confirm }

inline take(n) { j = n; busy++; root = db.job[n].root; old = db.job[n].old }

inline apply(n) {
  printf("worker %d: applies for job %d, manifest %d\n", me, n, next_manifest);
  clear_job(db.job[n]);
  db.job[n].state = APPLIED; db.job[n].manifest = next_manifest;
  if
  :: n == 0 -> said = said | BIT(next_manifest)   /* the standing approval covers what the schedule says is due */
  :: else -> db.approval = 0
  fi;
  next_manifest++;
  goto waits
}

proctype Worker(byte me) {
  byte j, root = NOBODY, old = NOBODY, r;

waits:
  if
  TAKES(0)
  TAKES(1)
  fi;

approve:
  if
  :: atomic { MAY_APPROVE(j) -> printf("worker %d: job %d is approved\n", me, j); db.job[j].state = APPROVED; goto died }
  OR_DIE
  fi;

name:
  if
  :: atomic {
       MAY_NAME(j) ->
       root = next_root; old = db.root; next_root++;
       printf("worker %d: names root %d, to replace %d\n", me, root, old);
       db.job[j].root = root; db.job[j].old = old
     }
  :: up && root != NOBODY && db.job[j].root == root
  OR_DIE
  fi;

#ifndef ROOT_CREATED_AFTERWARDS
  if
  :: atomic { !EXISTS(root) -> printf("worker %d: creates root %d\n", me, root); create_root(root) }
  :: EXISTS(root)
  OR_DIE
  fi;
#endif

  if
  :: atomic {
       MAY_ROTATE(j) && STANDS(j) && !SUSPENDED ->
       printf("worker %d: puts root %d in force, without the key of victim %d\n", me, root, j);
       held_blanked = held_blanked || (laid & VICTIM(j));
#ifndef ROOT_CREATED_AFTERWARDS
       wrapped_by_gone = wrapped_by_gone || kms[root] != LIVE;
#endif
       db.keys = db.keys & ~VICTIM(j); blanked = blanked | VICTIM(j);
       db.root = root; copies[root] = copies[root] | db.keys;
       db.job[j].rotated = 1
     }
  :: atomic {
       MAY_ROTATE(j) && !STANDS(j) ->
       printf("worker %d: job %d is blocked\n", me, j);
       db.job[j].state = BLOCKED; db.job[j].root = NOBODY; db.job[j].old = NOBODY;
       goto give_up
     }
  OR_DIE
  fi;

#ifdef ROOT_CREATED_AFTERWARDS
  if
  :: atomic { !EXISTS(root) -> printf("worker %d: creates root %d\n", me, root); create_root(root) }
  :: EXISTS(root)
  OR_DIE
  fi;
#endif

snapshot:
#ifdef ROOT_DESTROYED_FIRST
  goto destroy;
after_destroy:
#endif
#ifdef SNAPSHOTS_REMOVED_FIRST
  goto tidy;
after_tidy:
#endif
  if
  :: atomic {
       /* Written aside, read back and opened; one that is newer already there is kept. */
       up && kms[db.root] == LIVE ->
       old = db.job[j].old;
       printf("worker %d: writes snapshot %d\n", me, db.root);
       copy_ring(folder[db.root], db);
       there = there | BIT(db.root); folder_lost = 0;
       find_newest_snapshot(); root = best; best = 0
     }
  OR_DIE
  fi;
#ifdef ROOT_DESTROYED_FIRST
  goto tidy;
#endif

destroy:
  r = 0;
  do
  :: atomic { r < ROOTS && OLD(r) && EXISTS(r) -> printf("worker %d: destroys root %d\n", me, r); destroy_root(r); r++ }
  :: atomic { r < ROOTS && !(OLD(r) && EXISTS(r)) -> r++ }
  REFUSED_UNNOTICED
  :: r == ROOTS -> break
  OR_DIE
  od;
  r = 0;
  if
  :: db.job[j].state == FAILED -> goto remove
  :: else
  fi;
#ifdef ROOT_DESTROYED_FIRST
  goto after_destroy;
#endif
#ifdef SNAPSHOTS_REMOVED_FIRST
  goto note;
#endif

tidy:
  do
  :: atomic { r < ROOTS && OLDER(r) && (there & BIT(r)) ->
       printf("worker %d: removes snapshot %d\n", me, r); remove_snapshot(r); r++ }
  :: atomic { r < ROOTS && !(OLDER(r) && (there & BIT(r))) -> r++ }
  :: r == ROOTS -> break
  OR_DIE
  od;
  r = 0;
#ifdef SNAPSHOTS_REMOVED_FIRST
  goto after_tidy;
#endif

note:
  if
  :: atomic {
       up && db.job[j].state == APPROVED && db.job[j].rotated ->
       printf("worker %d: notes that the keys of job %d are destroyed\n", me, j);
       db.job[j].state = KEYS_DESTROYED; goto died
     }
  OR_DIE
  fi;

remove:
  if
  :: atomic {
       MAY_REMOVE(j) ->
       printf("worker %d: removes the rows of job %d\n", me, j);
       rows = rows & ~VICTIM(j);
       db.job[j].state = AFTER_REMOVAL; goto died
     }
  OR_DIE
  fi;

look:
  if
  :: atomic {
       up ->
       r = ((rows & VICTIM(j)) || (db.keys & VICTIM(j)) || db.root == old -> 1 : 0);
       i = 0;
       do
       :: i < ROOTS && ROOT_LEFT(i) -> r = 1; i++
       :: i < ROOTS && !ROOT_LEFT(i) -> i++
       :: i == ROOTS -> break
       od;
       i = 0
     }
  OR_DIE
  fi;
  if
  :: atomic {
       up && db.job[j].state == ROWS_REMOVED ->
       if
       :: r == 0 -> printf("worker %d: job %d is verified\n", me, j);
          passed = passed | BIT(db.job[j].manifest); db.job[j].state = VERIFIED
       :: else -> printf("worker %d: job %d fails its verification\n", me, j);
          db.job[j].state = FAILED
       fi;
       goto died
     }
  OR_DIE
  fi;

confirm:
  if
  :: atomic {
       up && db.job[j].state == VERIFIED ->
       printf("worker %d: job %d is confirmed\n", me, j);
       wrong_confirmation = wrong_confirmation || !(passed & BIT(db.job[j].manifest)) || !(said & BIT(db.job[j].manifest));
       certified = certified | VICTIM(j); journal = journal | BIT(db.job[j].manifest);
       db.job[j].state = CONFIRMED; goto died
     }
  OR_DIE
  fi;

give_up:
  if
  :: atomic { printf("worker %d: destroys root %d\n", me, root); destroy_root(root); goto died }
  OR_DIE
  fi;

died:
  atomic { busy--; j = 0; root = NOBODY; old = NOBODY; r = 0; goto waits }
}

/* --- what happens around them ------------------------------------------------------------------------------------ */

proctype World() {
  do
  :: atomic { up && db.job[1].state == APPLIED && db.approval != db.job[1].manifest ->
       printf("a leader approves manifest %d\n", db.job[1].manifest);
       db.approval = db.job[1].manifest; said = said | BIT(db.approval) }
#ifdef MANIFEST_NOT_COMPARED
  :: atomic { up && db.job[1].state == APPLIED && db.approval == 0 ->
       printf("a leader approves another manifest\n"); db.approval = NOBODY }
#endif
  :: atomic { up && holds < HOLDS && (rows & VICTIM(0)) && !UNDER_WAY(0) ->
       printf("a hold is laid on victim 0\n"); holds++; db.held = VICTIM(0); laid = VICTIM(0) }
  :: atomic { up && holds < HOLDS && db.job[0].state == APPROVED && !db.job[0].rotated ->
       printf("a hold is laid on victim 0\n"); holds++; db.held = VICTIM(0); laid = VICTIM(0) }
  :: atomic { up && db.held -> printf("the hold is lifted\n"); db.held = 0; laid = 0 }
  :: atomic { up && suspended -> printf("the holds that were lost are laid again\n"); db.held = laid; suspended = 0 }
  :: atomic { up && arrivals < ARRIVALS -> printf("a row comes in, its key on a new page\n"); arrivals++;
       rows = rows | LATER; db.keys = db.keys | LATER; copies[db.root] = copies[db.root] | LATER }
  :: atomic { up && backups < BACKUPS && kms[db.root] == LIVE -> backups++;
       copy_ring(folder[db.root], db); there = there | BIT(db.root); folder_lost = 0;
       if
       :: printf("a backup is made: rows %d, snapshot %d\n", rows, db.root); backup = rows
       :: printf("a backup is killed after its snapshot %d\n", db.root)
       fi }
  :: atomic { up && losses < LOSSES && !folder_lost -> printf("the database is lost\n"); losses++; up = 0 }
  :: atomic { !up && busy == 0 && !folder_lost -> restore(); printf("it is restored: root %d, keys %d, rows %d\n", db.root, db.keys, rows) }
  :: atomic { up && folder_losses < FOLDER_LOSSES -> printf("the place of snapshots is lost\n"); folder_losses++;
       i = 0;
       do
       :: i < ROOTS -> remove_snapshot(i); i++
       :: i == ROOTS -> break
       od;
       i = 0; folder_lost = 1 }
  od
}

/* --- properties: the judge looks at all of them after every step ------------------------------------------------- */

#ifdef LIVENESS
ltl L1 { [] ((up && db.job[0].state == APPROVED) -> <> SETTLED(0)) && [] ((up && db.job[1].state == APPROVED) -> <> SETTLED(1)) }
#else
#define DEMAND(what, text) if :: what :: else -> printf(text); assert(false) fi

proctype Judge() {
  do
  :: d_step {
       DEMAND((!up || kms[db.root] == LIVE), "BROKEN: S1 the database's pages open\n");
       find_newest_snapshot();
       DEMAND((folder_lost || best != NOBODY), "BROKEN: S1 there is a snapshot\n");
       DEMAND((folder_lost || kms[folder[best].root] == LIVE), "BROKEN: S1 the newest snapshot opens\n");
       DEMAND((folder_lost || (backup & ~blanked & ~folder[best].keys) == 0), "BROKEN: S1 it has the keys of the backup's rows\n");
       best = 0;
       wrapped = 0;
       do
       :: i < ROOTS -> wrapped = (kms[i] == LIVE -> wrapped | copies[i] : wrapped); i++
       :: i == ROOTS -> break
       od;
       i = 0;
       DEMAND((wrapped & certified) == 0, "BROKEN: S2 no copy of a destroyed key opens\n");
       wrapped = 0;
       DEMAND((!up || (rows & certified) == 0), "BROKEN: S2 destroyed rows stay away\n");
       DEMAND(!wrong_confirmation, "BROKEN: S3 confirmed only what was verified and approved\n");
       DEMAND(!held_blanked, "BROKEN: S4 a held key is never blanked\n");
       DEMAND(!(UNDER_WAY(0) && UNDER_WAY(1)), "BROKEN: S5 one destruction under way\n");
       DEMAND(!wrapped_by_gone, "BROKEN: S6 nothing is wrapped by a root that is gone\n");
#ifdef NEVER_DONE                      /* no property: shows that the model gets to the end */
       DEMAND(!(db.job[0].state == CONFIRMED && db.job[1].state == CONFIRMED), "BROKEN: both are never confirmed\n")
#endif
     }
  od
}
#endif

init {
  atomic {
    kms[0] = LIVE; copies[0] = VICTIM(0) | VICTIM(1) | STAYS;
    db.keys = copies[0]; rows = copies[0]; backup = rows;
    clear_job(db.job[0]); clear_job(db.job[1]);
    i = 1;
    do
    :: i < ROOTS -> clear_job(folder[i].job[0]); clear_job(folder[i].job[1]); i++
    :: else -> break
    od;
    copy_ring(folder[0], db); there = BIT(0);
    i = 0;
    do
    :: i < WORKERS -> run Worker(i); i++
    :: else -> break
    od;
    i = 0;
    run World();
#ifndef LIVENESS
    run Judge()
#endif
  }
}
