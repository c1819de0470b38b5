namespace Holdfast.Device.Tests.EndToEnd.Faults;

/// <summary>What happens to the cloud.</summary>
internal enum CloudFault
{
    /// <summary>SIGKILL, and a new process on the same data.</summary>
    Kill,

    /// <summary>SIGSTOP: connections stand, nothing is answered.</summary>
    Stop,

    /// <summary>Events arrive and are stored; their acknowledgements do not come back.</summary>
    HoldAnswers,

    /// <summary>Nothing passes in either direction; the connections stand.</summary>
    HoldAll,

    /// <summary>Connections are reset.</summary>
    Cut,
}
