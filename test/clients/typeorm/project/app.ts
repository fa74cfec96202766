// An application that brings its schema up to date when it starts.
import dataSource from './data-source';

dataSource
  .setOptions({ synchronize: true })
  .initialize()
  .then(() => dataSource.destroy());
