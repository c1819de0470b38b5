using Holdfast.Broker.Tests.Harness;

namespace Holdfast.Cluster.Tests.Sessions;

/// <summary>How a client comes from one node to another.</summary>
public enum Move
{
    /// <summary>It connects to the other while the first still holds its connection.</summary>
    TakeOver,

    /// <summary>Its connection ended before.</summary>
    Reconnect,

    /// <summary>The first node has died.</summary>
    Crash,
}

internal static class Moves
{
    public static async Task<TestClient> MoveAsync(this TestClient client, Move move, TestNode from, TestNode to, string clientId)
    {
        switch (move)
        {
            case Move.Reconnect:
                await client.LoseAsync();
                break;
            case Move.Crash:
                await from.KillAsync();
                break;
        }

        var moved = await to.ConnectAsync(clientId);
        Assert.True(moved.ConnAck.SessionPresent, "the session is there");
        return moved;
    }
}
