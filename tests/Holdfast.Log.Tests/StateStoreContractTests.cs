using Holdfast.Log.TestKit.State;

namespace Holdfast.Log.Tests;

public sealed class MemorySessionStoreTests : SessionStoreContract<MemoryStateStoreHarness>;

public sealed class MemoryCheckpointStoreTests : CheckpointStoreContract<MemoryStateStoreHarness>;

public sealed class MemoryIntegrationStoreTests : IntegrationStoreContract<MemoryStateStoreHarness>;

public sealed class SqliteSessionStoreTests : SessionStoreContract<SqliteStateStoreHarness>;

public sealed class SqliteCheckpointStoreTests : CheckpointStoreContract<SqliteStateStoreHarness>;

public sealed class SqliteIntegrationStoreTests : IntegrationStoreContract<SqliteStateStoreHarness>;

public sealed class MemoryIdentityStoreTests : IdentityStoreContract<MemoryStateStoreHarness>;

public sealed class SqliteIdentityStoreTests : IdentityStoreContract<SqliteStateStoreHarness>;
