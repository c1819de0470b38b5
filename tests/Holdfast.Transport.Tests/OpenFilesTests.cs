using Holdfast.Transport.Accepting;

namespace Holdfast.Transport.Tests;

public sealed class OpenFilesTests
{
    [Fact]
    public void What_the_process_opens_itself_leaves_less_for_connections()
    {
        var own = 100;
        OpenFiles files = null!;
        files = new OpenFiles(400, () => own + (files?.Connections ?? 0));
        Assert.Equal(400 - 100 - 64, files.Most);

        // Assemblies are loaded while connections come.
        own = 230;
        var connections = 0;
        for (; files.HasRoom(isHttp: false); connections++)
        {
            files.Add();
        }

        Assert.InRange(connections + own, 250, 400 - 64);
        Assert.True(files.HasRoom(isHttp: true));

        for (; connections > 0; connections--)
        {
            files.Remove();
        }

        Assert.True(files.HasRoom(isHttp: false));
    }
}
